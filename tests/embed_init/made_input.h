// A MethodInput on numbers in memory, for the tests of methods.
#ifndef TOKGRAFT_TESTS_EMBED_INIT_MADE_INPUT_H_
#define TOKGRAFT_TESTS_EMBED_INIT_MADE_INPUT_H_

#include <cstddef>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "embed_init/methods/method.h"
#include "tokenizer/load.h"

namespace tokgraft::testing {

inline MatrixView ViewOfFloats(const std::vector<float>& values, std::size_t columns) {
  return {.data = reinterpret_cast<const char*>(values.data()),
          .dtype = DType::kF32,
          .rows = values.size() / columns,
          .columns = columns};
}

inline std::vector<float> RandomRows(std::size_t rows, std::size_t columns, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 1);
  std::vector<float> values(rows * columns);
  for (float& value : values) value = normal(random);
  return values;
}

// Owns what a MethodInput borrows.
struct MadeInput {
  std::vector<float> old;
  std::vector<float> donor;
  std::vector<double> mean;
  std::vector<Anchor> anchors;
  InitOptions options;
  MethodInput input;

  MadeInput(std::vector<float> old_rows, std::size_t columns) : old(std::move(old_rows)) {
    input.old = ViewOfFloats(old, columns);
    input.old_tokens = input.old.rows;
    mean = MeanOfRows(input.old, input.old.rows, 1);
    input.mean = mean;
    input.options = &options;
  }
  MadeInput(const MadeInput&) = delete;
  MadeInput& operator=(const MadeInput&) = delete;

  // The first `shared` rows of both belong to the same tokens; the others of the donor are wanted.
  void SetDonor(std::vector<float> donor_rows, std::size_t columns, std::size_t shared) {
    donor = std::move(donor_rows);
    input.donor = ViewOfFloats(donor, columns);
    for (std::uint32_t i = 0; i < shared; ++i) anchors.push_back({i, i});
    input.anchors = anchors;
    options.settings.min_anchors = 1;
    for (std::uint32_t i = static_cast<std::uint32_t>(shared); i < input.donor.rows; ++i) {
      input.tokens.push_back({.pieces = {{0, 1}, {1, 1}}, .donor_row = i, .row = i});
    }
  }
};

// Byte-level, ids in the order of the tokens, GPT-2's regex.
inline Tokenizer ByteLevelTokenizer(const std::vector<std::string>& tokens,
                                    const std::string& merges) {
  std::string vocab;
  for (std::size_t id = 0; id < tokens.size(); ++id) {
    vocab += (id == 0 ? "{\"" : ",\"") + tokens[id] + "\":" + std::to_string(id);
  }
  const std::string json =
      R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[],)"
      R"("normalizer":null,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":)"
      R"(false,"trim_offsets":true,"use_regex":true},"post_processor":null,)"
      R"("decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,)"
      R"("use_regex":true},"model":{"type":"BPE","dropout":null,"unk_token":null,)"
      R"("continuing_subword_prefix":null,"end_of_word_suffix":null,"fuse_unk":false,)"
      R"("byte_fallback":false,"ignore_merges":false,"vocab":)" +
      vocab + R"(},"merges":)" + merges + "}}";
  return *Compile(*LoadBytes(json, "toy.json"));
}

}  // namespace tokgraft::testing

#endif  // TOKGRAFT_TESTS_EMBED_INIT_MADE_INPUT_H_
