#include "vocab_merge/extend/witness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

using ::testing::Contains;

TEST(WitnessTest, FindsATextForEachPieceThatCanBeEmitted) {
  const TokenizerSpec spec = toy::ByteLevel({{"a", "b"}, {"\xE4", "\xB8"}, {"a", "."}});
  const StatusOr<Tokenizer> tokenizer = Compile(spec);
  ASSERT_TRUE(tokenizer.ok());
  const std::vector<WitnessQuery> queries = {
      {.id = 256, .bytes = "ab"},
      {.id = 257, .bytes = "\xE4\xB8"},  // needs the rest of a character
      {.id = 258, .bytes = "a."}};       // the pre-tokenizer cuts it
  const std::vector<std::string> found = FindWitnesses(*tokenizer, queries, {});
  EXPECT_EQ(found[0], "ab");
  EXPECT_TRUE(IsValidUtf8(found[1]));
  std::vector<TokenId> ids;
  tokenizer->EncodeIds(found[1], &ids);
  EXPECT_THAT(ids, Contains(257U));
  EXPECT_EQ(found[2], "");
}

TEST(WitnessTest, TextThatIsNotUtf8OnRequestOnly) {
  const TokenizerSpec spec = toy::ByteLevel({{"\xFF", "\xFE"}}, /*use_regex=*/false);
  const StatusOr<Tokenizer> tokenizer = Compile(spec);
  ASSERT_TRUE(tokenizer.ok());
  const std::vector<WitnessQuery> queries = {{.id = 256, .bytes = "\xFF\xFE"}};
  EXPECT_EQ(FindWitnesses(*tokenizer, queries, {})[0], "");
  EXPECT_EQ(FindWitnesses(*tokenizer, queries, {.allow_bytes = true})[0], "\xFF\xFE");
}

TEST(WitnessTest, AKnownTextThatStillDoesIsKept) {
  const StatusOr<Tokenizer> tokenizer = Compile(toy::ByteLevel({{"a", "b"}}));
  ASSERT_TRUE(tokenizer.ok());
  const std::vector<WitnessQuery> queries = {{.id = 256, .bytes = "ab", .known = "ab ab"}};
  EXPECT_EQ(FindWitnesses(*tokenizer, queries, {})[0], "ab ab");
}

}  // namespace
}  // namespace tokgraft
