#include "embed_init/forecast/text_shares.h"

#include <gtest/gtest.h>

#include "tests/embed_init/random_model.h"
#include "tests/vocab_merge/toy.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

TEST(TextSharesTest, CountsAreThoseOfThePieces) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  const MergeResult merged = *MergeTokenizers(base, toy::ByteLevel({{"z", "q"}, {"zq", "zq"}}), {});
  const Tokenizer before = *Compile(base);
  const Tokenizer after = *Compile(merged.tokenizer);
  const std::vector<OldPieces> pieces = *SplitIntoOldPieces(merged.id_map, before, &after);
  const testing::TemporaryDirectory directory;
  const std::string path = directory / "text.txt";
  // zqzq | ab | zq | zq | a: the two zq of " zq zq" stand after a space that stays old.
  testing::WriteText(path, "zqzqab zq\nzq\n");
  const TextShares shares =
      *CountShares(before, after, merged.id_map, pieces, {"t", path}, Documents::kLine, 1);
  EXPECT_EQ(shares.bytes, 13u);
  EXPECT_EQ(shares.tokens_before, 4u + 1 + 1 + 2 + 1 + 2 + 1);
  EXPECT_EQ(shares.tokens_after, 1u + 1 + 1 + 1 + 1 + 1 + 1);
  EXPECT_EQ(shares.new_tokens, 3u);
  EXPECT_EQ(shares.new_bytes, 8u);
  EXPECT_EQ(shares.old_pieces, 8u);
  EXPECT_EQ(shares.other_cuts, 0u);
  EXPECT_EQ(shares.seen, 2u);
  EXPECT_EQ(shares,
            *CountShares(before, after, merged.id_map, pieces, {"t", path}, Documents::kFile, 4));
}

TEST(TextSharesTest, OldTokensWhereTheOldTokenizerHasOthersAreOtherCuts) {
  // Both have the tokens; the other one joins "bc" before "ab".
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"b", "c"}});
  const MergeResult merged =
      *MergeTokenizers(base, toy::ByteLevel({{"b", "c"}, {"a", "b"}}), {.strategy = "swap"});
  const Tokenizer before = *Compile(base);
  const Tokenizer after = *Compile(merged.tokenizer);
  const std::vector<OldPieces> pieces = *SplitIntoOldPieces(merged.id_map, before, &after);
  const testing::TemporaryDirectory directory;
  testing::WriteText(directory / "t", "abc xabc ab bc");
  const TextShares shares = *CountShares(before, after, merged.id_map, pieces,
                                         {"t", directory / "t"}, Documents::kLine, 1);
  EXPECT_EQ(shares.new_tokens, 0u);
  EXPECT_EQ(shares.other_cuts, 2u);  // a bc for ab c, twice
}

TEST(TextSharesTest, ATextThatIsNotThereIsAnError) {
  const TokenizerSpec base = toy::ByteLevel({});
  const Tokenizer tokenizer = *Compile(base);
  const auto shares =
      CountShares(tokenizer, tokenizer, {}, {}, {"t", "/none/x.txt"}, Documents::kLine, 1);
  EXPECT_EQ(shares.status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace tokgraft
