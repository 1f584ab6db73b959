// One door to the three models: each encodes alike with and without ranges, any other is refused by
// name.
#include "tokenizer/models/model.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"

namespace tokgraft {
namespace {

TEST(CompiledModelTest, IdsAndRangesAgreeForEachModel) {
  TokenizerSpec bpe = toy::Spec({{"a"}, {"b"}, {"ab"}}, BpeModel{});
  toy::AddMerges({{"a", "b"}}, &bpe);
  const TokenizerSpec unigram =
      toy::Spec({{"a", -2}, {"b", -2}, {"ab", -3}}, UnigramModel{.unk = 0});
  const TokenizerSpec wordpiece =
      toy::Spec({{"a"}, {"##b"}, {"ab"}}, WordPieceModel{.unk_spelling = "a"});
  for (const TokenizerSpec& spec : {bpe, unigram, wordpiece}) {
    const StatusOr<CompiledModel> model = CompiledModel::Compile(spec, false);
    ASSERT_TRUE(model.ok()) << model.status();
    ModelScratch scratch;
    std::vector<TokenId> ids = {99};  // is appended to
    model->Encode(std::array<std::string_view, 2>{"ab", "a"}, &scratch, &ids);
    EXPECT_EQ(ids, (std::vector<TokenId>{99, 2, 0}));
    std::vector<TokenRange> ranges;
    model->EncodeRanges("ab", &scratch, &ranges);
    EXPECT_EQ(ranges, (std::vector<TokenRange>{{.id = 2, .begin = 0, .end = 2}}));
  }
}

TEST(CompiledModelTest, AnotherModelIsRefusedByName) {
  TokenizerSpec spec = toy::Spec({{"a"}}, BpeModel{});
  spec.model = UnknownStage{.type = "WordLevel", .json = "{}"};
  const Status status = CompiledModel::Compile(spec, false).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(Message(status),
            "model: WordLevel is not supported, expected BPE, Unigram or WordPiece");
}

TEST(CompiledModelTest, WhatAModelRefusesComesThrough) {
  EXPECT_EQ(CompiledModel::Compile(toy::Spec({{"a"}}, WordPieceModel{}), false).status().code(),
            absl::StatusCode::kInvalidArgument);  // no [UNK]
  EXPECT_EQ(CompiledModel::Compile(toy::Spec({{"[UNK]"}}, WordPieceModel{}), true).status().code(),
            absl::StatusCode::kUnimplemented);  // bytes
}

}  // namespace
}  // namespace tokgraft
