// What would be written is read again: the same function passes, however it is spelled; other ids
// and bytes that cannot be read do not.
#include "tokenizer/convert/read_back.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/tokenizer/toy_spec.h"
#include "tokenizer/formats/tokenizer_json.h"

namespace tokgraft {
namespace {

TokenizerSpec ReadBackSpec(const std::vector<std::pair<std::string, std::string>>& merges) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}, {"c"}, {"ab"}, {"bc"}}, BpeModel{});
  spec.spelling = Spelling::kRaw;
  toy::AddMerges(merges, &spec);
  return spec;
}

TEST(ReadBackTest, TheSameSpecPassesInAnyOrderOfPieces) {
  const TokenizerSpec spec = ReadBackSpec({{"a", "b"}, {"b", "c"}});
  const std::string bytes = WriteTokenizerJson(spec).value();
  EXPECT_EQ(CheckReadBack(spec, bytes, {}), absl::OkStatus());
  TokenizerSpec shuffled = spec;
  shuffled.vocab = Vocab();
  for (const TokenId id : {4U, 0U, 3U, 1U, 2U}) shuffled.vocab.Add(*spec.vocab.Get(id));
  std::get<BpeModel>(shuffled.model).merges_as_pairs = false;  // how, not what
  EXPECT_EQ(CheckReadBack(shuffled, bytes, {}), absl::OkStatus());
}

TEST(ReadBackTest, OtherIdsAreShownByAText) {
  TokenizerSpec spec = ReadBackSpec({{"a", "b"}, {"b", "c"}});
  const std::string other = WriteTokenizerJson(ReadBackSpec({{"b", "c"}, {"a", "b"}})).value();
  const Status status = CheckReadBack(spec, other, {});
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  // Any text will do in which a, b and c meet: what else it holds is unknown, and dropped.
  EXPECT_THAT(std::string(Message(status)),
              testing::AllOf(
                  testing::StartsWith("tokenizer: what would be written gives other ids for \"a"),
                  testing::EndsWith("c\"; nothing is written")));
  spec.source = "t.json";
  EXPECT_THAT(std::string(Message(CheckReadBack(spec, other, {}))),
              testing::StartsWith("t.json: what would be written gives other ids"));
}

TEST(ReadBackTest, AMergeThatNeverJoinsMakesNoDifference) {
  // b c joins first, so a b never meets in abc; where it stands last it changes nothing else.
  const TokenizerSpec spec = ReadBackSpec({{"b", "c"}, {"a", "b"}, {"a", "b"}});
  const std::string other = WriteTokenizerJson(ReadBackSpec({{"b", "c"}, {"a", "b"}})).value();
  EXPECT_EQ(CheckReadBack(spec, other, {}), absl::OkStatus());
}

TEST(ReadBackTest, WhatCannotBeReadIsNotWritten) {
  const TokenizerSpec spec = ReadBackSpec({});
  const std::string bytes = WriteTokenizerJson(spec).value();
  const Status status = CheckReadBack(spec, bytes.substr(0, bytes.size() / 2), {});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(status)),
              testing::StartsWith("tokenizer: what would be written"));
  EXPECT_THAT(std::string(Message(status)),
              testing::EndsWith("; nothing is written, since it could not be read"));
}

}  // namespace
}  // namespace tokgraft
