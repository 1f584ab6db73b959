// Adapters: a LoRA that was trained on the old model goes on working on the grafted one.
//
//   StatusOr<AdapterReport> report = GraftAdapter("my-lora", "grafted", "my-lora-grafted", {});
//   report->mapped;      // {"base_model.model.lm_head.lora_B.weight"}
//   report->unchanged;   // 336: byte for byte as they were
//
// ADAPTER is a directory that PEFT wrote (adapter_config.json, adapter_model.safetensors or .bin)
// of type LORA; GRAFTED is what WriteModel wrote for the adapter's base model: its manifest has the
// plan of every row. By that plan, and nothing else, are mapped:
//
//   embedding and head in modules_to_save, or stored beside their LoRA    rows [vocabulary, width]
//   embed_tokens.lora_embedding_A [rank, vocabulary]                      columns, input plan
//   lm_head.lora_B [vocabulary, rank], its bias and DoRA magnitudes       rows, output plan
//
// A row that was kept keeps its part of the adapter bit for bit. A new row is the sum of old rows
// with the plan's weights, and its part of the adapter is the same sum, so that adapter and plan
// commute: grafting the merged model gives what merging the grafted adapter gives. The noise of
// `gaussian` belongs to the model's rows, so LoRA factors get none. All other tensors are
// untouched. In the config, base_model_name_or_path names the grafted model, and
// trainable_token_indices and alora_invocation_tokens follow the rows.
#ifndef TOKGRAFT_EMBED_INIT_ADAPTER_H_
#define TOKGRAFT_EMBED_INIT_ADAPTER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

struct AdapterOptions {
  std::string base_name = {};  // for base_model_name_or_path; "": the grafted directory as given
  bool force = false;          // replace an adapter that this wrote
  int threads = 0;             // 0: all cores
};

struct AdapterReport {
  std::vector<std::string> mapped;  // tensors with a part per token, by name
  std::uint64_t unchanged = 0;      // tensors that are the bytes they were
  std::uint64_t old_rows = 0;
  std::uint64_t new_rows = 0;
  std::vector<std::string> left_out;  // files of the adapter that are not in the output, and why
  std::vector<std::string> warnings;
  std::string ToJson() const;
  std::string DebugString() const;
  friend bool operator==(const AdapterReport&, const AdapterReport&) = default;
};

// Writes the directory `out`, whole or not at all. NotFound: no adapter, no manifest.
// Unimplemented: an adapter of another type than LORA, a tensor of embedding or head that we do not
// know. FailedPrecondition: sizes that are not of the model before the graft, a token that is
// trained and gone, `out` exists. InvalidArgument: malformed.
StatusOr<AdapterReport> GraftAdapter(const std::string& adapter, const std::string& grafted,
                                     const std::string& out, const AdapterOptions& options = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_ADAPTER_H_
