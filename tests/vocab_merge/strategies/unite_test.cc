#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TokenizerSpec UniteDonor() {
  TokenizerSpec donor = toy::ByteLevel({{"x", "y"}});
  donor.added_tokens.push_back({.id = 257, .content = "<mine>", .special = true});
  donor.added_tokens.push_back({.id = 258, .content = "<call>", .lstrip = true});
  return donor;
}

TEST(UniteTest, AddsPiecesAndNames) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  const MergeResult both = toy::Merged(base, UniteDonor(), {.strategy = "union"});
  EXPECT_EQ(both.id_map.strategy, "union");
  EXPECT_EQ(both.id_map.merged_size, 260U);
  ASSERT_EQ(both.id_map.added.size(), 3U);
  EXPECT_EQ(both.id_map.added[0].bytes, "xy");
  EXPECT_EQ(both.id_map.added[1],
            (AddedPiece{.id = 258, .bytes = "<mine>", .donor_id = 257, .witness = "<mine>"}));
  EXPECT_EQ(both.id_map.added[2].id, 259U);
  EXPECT_EQ(both.id_map.donor_to_merged[257], 258U);
  EXPECT_THAT(both.tokenizer.added_tokens,
              ElementsAre(AddedToken{.id = 258, .content = "<mine>", .special = true},
                          AddedToken{.id = 259, .content = "<call>", .lstrip = true}));
  // Readers would number them anew otherwise.
  EXPECT_EQ(both.tokenizer.vocab.FindSpelling("<call>"), 259U);
  EXPECT_EQ(both.conflicts.counts.at("D9"), 0U);
  EXPECT_EQ(both.certificate.level, "L3");
  EXPECT_EQ(both.certificate.reason, "the added tokens differ");
}

TEST(UniteTest, APieceThatANameHidesIsTold) {
  TokenizerSpec donor = toy::ByteLevel({{"x", "y"}, {"xy", "z"}});
  donor.added_tokens.push_back({.id = 258, .content = "yz"});
  const MergeResult both = toy::Merged(toy::ByteLevel({{"a", "b"}}), donor, {.strategy = "union"});
  ASSERT_EQ(both.id_map.added.size(), 3U);
  EXPECT_EQ(both.id_map.added[0].witness, "xy");
  EXPECT_EQ(both.id_map.added[1].bytes, "xyz");
  EXPECT_EQ(both.id_map.added[1].witness, "");
  EXPECT_EQ(both.id_map.added[2].witness, "yz");
  EXPECT_EQ(both.conflicts.counts.at("B6"), 1U);
  EXPECT_THAT(toy::Of("B6", both.conflicts)[0].message,
              "1 new id is in no encoding: an added token that is part of it is found first");
}

TEST(UniteTest, WithoutNewNamesItIsAnExtension) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  const MergeResult both = toy::Merged(base, toy::ByteLevel({{"x", "y"}}), {.strategy = "union"});
  EXPECT_EQ(both.certificate.level, "L1");
  EXPECT_EQ(both.tokenizer, toy::Merged(base, toy::ByteLevel({{"x", "y"}})).tokenizer);
}

TEST(UniteTest, ANameThatIsTextInTheBaseIsNotTakenOver) {
  TokenizerSpec base = toy::ByteLevel({{"<", "m"}, {"<m", "ine"}});
  base = toy::ByteLevel({{"<", "m"}, {"i", "n"}, {"in", "e"}, {"<m", "ine"}, {"<mine", ">"}});
  const MergeResult both = toy::Merged(base, UniteDonor(), {.strategy = "union"});
  EXPECT_EQ(both.id_map.donor_to_merged[257], std::nullopt);
  EXPECT_EQ(both.conflicts.counts.at("D7"), 1U);
  EXPECT_EQ(both.conflicts.counts.at("D9"), 1U);
  EXPECT_THAT(toy::Of("D9", both.conflicts)[0].message,
              "1 special or added tokens of the donor are not in the merged tokenizer");
}

TEST(UniteTest, ASentencePieceBaseGetsControlPieces) {
  TokenizerSpec base = toy::Metaspace({"a"}, {});
  base.format = Format::kSentencePiece;
  base.reference = Reference::kSentencePiece;
  std::get<BpeModel>(base.model).order = BpeModel::Order::kScore;
  base.normalizers.clear();
  base.normalizers.emplace_back().emplace<normalizer::SentencePiece>();
  base.decoders.emplace().emplace_back().emplace<decoder::SentencePiece>();
  const MergeResult both = toy::Merged(base, UniteDonor(), {.strategy = "union"});
  EXPECT_THAT(both.tokenizer.added_tokens, IsEmpty());
  const std::optional<TokenId> mine = both.tokenizer.vocab.FindSpelling("<mine>");
  ASSERT_TRUE(mine.has_value());
  EXPECT_EQ(both.tokenizer.vocab.Get(*mine)->kind, PieceKind::kControl);
  const std::optional<TokenId> call = both.tokenizer.vocab.FindSpelling("<call>");
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(both.tokenizer.vocab.Get(*call)->kind, PieceKind::kUserDefined);
  for (const AddedPiece& piece : both.id_map.added) {
    if (piece.id == *mine) {
      EXPECT_EQ(piece.witness, "");  // no text spells a control piece
    }
    if (piece.id == *call) {
      EXPECT_EQ(piece.witness, "<call>");
    }
  }
}

}  // namespace
}  // namespace tokgraft
