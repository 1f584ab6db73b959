// What a vocabulary costs a model: how many parameters it has beside its rows, from config.json.
//
//   StatusOr<ModelCost> model = ReadModelCost("SmolLM2-135M");   // or its config.json
//   model->body_parameters;                // 106168320
//   model->FlopsPerToken(model->rows);     // 2 (body + d rows)
//   model->Parameters(model->rows + 8000); // body + d rows, d rows twice if untied
//
// Counted by the shapes that the config states, d being hidden_size, h the number of heads:
//
//   attention   2 d h head_dim + 2 d kv_heads head_dim   (q and o; k and v; head_dim: d / h)
//               with low-rank keys (DeepSeek) the ranks as the config has them
//   MLP         3 d i with a gate, 2 d i without (GPT-2, GPT-NeoX, BERT, ...), i: intermediate_size
//   experts     all of them are stored, num_experts_per_tok and the shared ones are active
//   body        num_hidden_layers (attention + MLP); norms and biases, below 0.1 %, are left out
//
// A token costs 2 FLOPs for each active parameter of the body and 2 d for each row of the head; the
// look-up of its own row is free. Training costs three times as much of both. What attention does
// over the context is left out: it would only make every saved token worth more.
#ifndef TOKGRAFT_VOCAB_MERGE_MODEL_COST_H_
#define TOKGRAFT_VOCAB_MERGE_MODEL_COST_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tokenizer/status.h"

namespace tokgraft {

struct ModelCost {
  std::uint64_t hidden_size = 0;        // d, the length of a row
  std::uint64_t body_parameters = 0;    // all but the rows of embedding and head
  std::uint64_t active_parameters = 0;  // those of the body that one token runs through
  std::uint64_t rows = 0;               // of the embedding before the merge, padding included
  bool tied = false;                    // one matrix is both embedding and head

  double FlopsPerToken(std::uint64_t rows_then) const;
  double Parameters(std::uint64_t rows_then) const;
  std::string ToJson() const;
  std::string DebugString() const;  // "106,168,320 parameters beside 49,152 tied rows of 576"
  friend bool operator==(const ModelCost&, const ModelCost&) = default;
};

// `name` stands in messages. The text part of a multimodal model may be nested (text_config).
// InvalidArgument: a size that is needed is missing or absurd, by its name.
StatusOr<ModelCost> ParseModelCost(std::string_view json, const std::string& name);
// `path`: a model directory or its config.json. NotFound: neither.
StatusOr<ModelCost> ReadModelCost(const std::string& path);

// Whether the family ties embedding and head where config.json does not say; nullopt: a family we
// do not know.
std::optional<bool> TiedByDefault(std::string_view model_type);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_MODEL_COST_H_
