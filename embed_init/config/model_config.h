// config.json of a model, as far as a change of vocabulary concerns it. The text part of a
// multimodal model stands in a nested object (text_config and its other names).
#ifndef TOKGRAFT_EMBED_INIT_CONFIG_MODEL_CONFIG_H_
#define TOKGRAFT_EMBED_INIT_CONFIG_MODEL_CONFIG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"
#include "tokenizer/token.h"

namespace tokgraft {

struct ModelConfig {
  std::string model_type = {};       // of the whole
  std::string text_model_type = {};  // of the nested text part, else model_type
  std::vector<std::string> architectures = {};
  std::optional<std::uint64_t> vocab_size = {};
  std::optional<bool> tied = {};  // as written
  std::string quant_method = {};  // "gptq", "awq", "fp8", "bitsandbytes", ...; "" where absent
  // Every id that the file names: ("text_config.eos_token_id", 2); lists give one each.
  std::vector<std::pair<std::string, std::uint64_t>> token_ids = {};
};

// `name` stands in messages.
StatusOr<ModelConfig> ParseModelConfig(std::string_view json, const std::string& name);

// What changes in config.json and generation_config.json.
struct ConfigChange {
  std::uint64_t old_rows = 0;
  std::uint64_t new_rows = 0;
  std::uint64_t new_tokens = 0;
  std::uint64_t pad_to_multiple = 1;
  std::optional<bool> tied;  // set where the flag has to be written
  const std::vector<std::optional<TokenId>>* old_to_new = nullptr;
  std::vector<std::string>* notes = nullptr;  // what was left out, a sentence each; may be null
};

// The file with vocab_size, the tie flag, the ids of tokens and the padding rule brought up to
// date; everything else as it was. FailedPrecondition: it names a token that is gone.
StatusOr<std::string> UpdateModelConfig(std::string_view json, const ConfigChange& change,
                                        const std::string& name);

// The same for generation_config.json: ids only.
StatusOr<std::string> UpdateGenerationConfig(std::string_view json, const ConfigChange& change,
                                             const std::string& name);

// The index of a sharded model with `total_size`, and each tensor of `files` (tensor -> file) in
// the file given there.
StatusOr<std::string> UpdateIndex(std::string_view json, std::uint64_t total_size,
                                  const std::vector<std::pair<std::string, std::string>>& files,
                                  const std::string& name);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_CONFIG_MODEL_CONFIG_H_
