// How a tokenizer spells its own tokens without them.
#include "embed_init/methods/own_splits.h"

#include <gtest/gtest.h>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

using Ids = std::vector<TokenId>;

TEST(OwnSplitsTest, BpeGoesOnWithoutTheMergeThatMakesTheToken) {
  // ab, abc = ab+c, bc, abcd = abc+d; abc without itself: a+bc where bc ranks before ab, else ab+c.
  const Tokenizer base =
      testing::ByteLevelTokenizer({"a", "b", "c", "d", "ab", "abc", "bc", "abcd"},
                                  R"([["a","b"],["ab","c"],["b","c"],["a","bc"],["abc","d"]])");
  const std::vector<OwnSplit> splits = SplitOwnTokens(base);
  ASSERT_EQ(splits.size(), 4U);
  EXPECT_EQ(splits[0].id, 4U);
  EXPECT_EQ(splits[0].pieces.ids, (Ids{0, 1}));
  EXPECT_EQ(splits[1].pieces.ids, (Ids{4, 2}));  // a+bc makes it too, and is left out
  EXPECT_EQ(splits[2].pieces.ids, (Ids{1, 2}));
  EXPECT_EQ(splits[3].pieces.ids, (Ids{5, 3}));
  EXPECT_EQ(splits[3].pieces.size_bytes, (std::vector<std::uint32_t>{3, 1}));
  // Ranks follow the merges: ab, abc, bc, abcd.
  EXPECT_EQ(splits[0].rank, 0U);
  EXPECT_EQ(splits[1].rank, 1U);
  EXPECT_EQ(splits[2].rank, 2U);
  EXPECT_EQ(splits[3].rank, 3U);
}

TEST(OwnSplitsTest, UnigramTakesTheBestOtherPath) {
  const Tokenizer base = *Compile(*LoadBytes(
      R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,)"
      R"("pre_tokenizer":null,"post_processor":null,"decoder":null,"model":{"type":"Unigram",)"
      R"("unk_id":0,"byte_fallback":false,"vocab":[["<unk>",0],["a",-3],["b",-3],["c",-3],)"
      R"(["ab",-4],["bc",-5],["abc",-1]]}})",
      "toy.json"));
  const std::vector<OwnSplit> splits = SplitOwnTokens(base);
  ASSERT_EQ(splits.size(), 3U);
  EXPECT_EQ(splits[0].pieces.ids, (Ids{1, 2}));
  EXPECT_EQ(splits[2].id, 6U);
  EXPECT_EQ(splits[2].pieces.ids, (Ids{4, 3}));  // -7, before a+bc: -8
  EXPECT_EQ(splits[2].rank, 0U);                 // the likeliest
}

TEST(OwnSplitsTest, WordPieceTakesTheLongestOther) {
  const Tokenizer base = *Compile(*LoadBytes(
      R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[],"normalizer":null,)"
      R"("pre_tokenizer":{"type":"Whitespace"},"post_processor":null,"decoder":null,"model":)"
      R"({"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",)"
      R"("max_input_chars_per_word":100,"vocab":{"[UNK]":0,"a":1,"ab":2,"abc":3,"##c":4,"##b":5,)"
      R"("##bc":6}}})",
      "toy.json"));
  const std::vector<OwnSplit> splits = SplitOwnTokens(base);
  ASSERT_EQ(splits.size(), 3U);
  EXPECT_EQ(splits[0].pieces.ids, (Ids{1, 5}));
  EXPECT_EQ(splits[1].pieces.ids, (Ids{2, 4}));
  EXPECT_EQ(splits[2].id, 6U);
  EXPECT_EQ(splits[2].pieces.ids, (Ids{5, 4}));
}

}  // namespace
}  // namespace tokgraft
