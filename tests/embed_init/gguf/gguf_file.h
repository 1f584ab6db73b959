// GGUF files of small models, made key by key.
#ifndef TOKGRAFT_TESTS_EMBED_INIT_GGUF_GGUF_FILE_H_
#define TOKGRAFT_TESTS_EMBED_INIT_GGUF_GGUF_FILE_H_

#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "embed_init/gguf/model.h"
#include "tests/embed_init/random_model.h"
#include "tokenizer/gguf.h"
#include "tokenizer/text/byte_alphabet.h"

namespace tokgraft::testing {

inline std::string GgufInt(std::uint64_t value, std::size_t bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
  return out;
}
inline GgufKey GgufText(const std::string& name, const std::string& text) {
  return {name, GgufInt(8, 4) + GgufInt(text.size(), 8) + text, text, {}, 1};
}
inline GgufKey GgufNumber(const std::string& name, std::uint32_t number) {
  return {name, GgufInt(4, 4) + GgufInt(number, 4), {}, number, 1};
}
inline GgufKey GgufTexts(const std::string& name, const std::vector<std::string>& texts) {
  std::string value = GgufInt(9, 4) + GgufInt(8, 4) + GgufInt(texts.size(), 8);
  for (const std::string& text : texts) value += GgufInt(text.size(), 8) + text;
  return {name, value, {}, {}, texts.size()};
}
inline GgufKey GgufInts(const std::string& name, const std::vector<std::uint32_t>& numbers) {
  std::string value = GgufInt(9, 4) + GgufInt(5, 4) + GgufInt(numbers.size(), 8);
  for (const std::uint32_t number : numbers) value += GgufInt(number, 4);
  return {name, value, {}, {}, numbers.size()};
}

// 256 bytes, then one piece for each join of two of them.
inline std::vector<GgufKey> GgufKeysOf(const std::vector<std::string>& joins) {
  std::vector<std::string> tokens;
  std::vector<std::string> merges;
  for (int byte = 0; byte < 256; ++byte) {
    tokens.push_back(ToByteAlphabet(std::string(1, static_cast<char>(byte))));
  }
  for (const std::string& join : joins) {
    tokens.push_back(join);
    merges.push_back(join.substr(0, 1) + " " + join.substr(1));
  }
  return {GgufText("general.architecture", "llama"),
          GgufNumber("llama.vocab_size", static_cast<std::uint32_t>(tokens.size())),
          GgufText("tokenizer.ggml.model", "gpt2"),
          GgufText("tokenizer.ggml.pre", "gpt-2"),
          GgufTexts("tokenizer.ggml.tokens", tokens),
          GgufInts("tokenizer.ggml.token_type", std::vector<std::uint32_t>(tokens.size(), 1)),
          GgufTexts("tokenizer.ggml.merges", merges),
          GgufNumber("tokenizer.ggml.eos_token_id", 5),
          GgufNumber("tokenizer.ggml.eot_token_id", 7),
          GgufText("tokenizer.chat_template", "{{ x }}")};
}

// Random rows of 32 columns, half of the tensors of odd length; `types` by tensor name.
inline std::string GgufModelBytes(const std::vector<GgufKey>& keys,
                                  std::vector<TensorInfo> tensors) {
  std::string out = BuildGgufModelHeader(keys, &tensors);
  std::mt19937 random(5);
  for (const TensorInfo& tensor : tensors) {
    out.resize(static_cast<std::size_t>(tensor.begin), '\0');
    // Bytes below 0x3C: every half and float of them is finite and small.
    while (out.size() < tensor.end) out.push_back(static_cast<char>(random() % 0x30));
  }
  return out;
}

}  // namespace tokgraft::testing

#endif  // TOKGRAFT_TESTS_EMBED_INIT_GGUF_GGUF_FILE_H_
