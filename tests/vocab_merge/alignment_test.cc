#include "vocab_merge/alignment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(AlignmentTest, ComparesBytesNotSpellings) {
  const TokenizerSpec base = toy::ByteLevel({{" ", "t"}, {"h", "e"}});
  const TokenizerSpec donor = toy::Metaspace({" ", "t", "h", "e"}, {{" ", "t"}, {" t", "h"}});
  const StatusOr<Alignment> out = Align(base, donor);
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->base_size, 258U);
  EXPECT_EQ(out->donor_to_base[261], 256U);  // " t", written in two ways
  EXPECT_EQ(out->donor_to_base[258], TokenId{'t'});
  EXPECT_EQ(out->donor_to_base[1 + 'a'], TokenId{'a'});  // <0x61>
  EXPECT_THAT(out->missing, ElementsAre(262U));
  EXPECT_EQ(out->shared, 5U);
}

TEST(AlignmentTest, MissingPiecesStandInTheDonorsOrder) {
  TokenizerSpec donor = toy::ByteLevel({{"a", "b"}, {"c", "d"}});
  auto& merges = std::get<BpeModel>(donor.model).merges;
  std::swap(merges[0], merges[1]);
  const StatusOr<Alignment> out = Align(toy::ByteLevel({}), donor);
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_THAT(out->missing, ElementsAre(257U, 256U));
}

TEST(AlignmentTest, ASpecialTokenIsNoText) {
  TokenizerSpec base = toy::ByteLevel({});
  TokenizerSpec donor = toy::ByteLevel({});
  base.added_tokens = {{.id = 256, .content = "<s>", .special = true}};
  donor.added_tokens = {{.id = 256, .content = "<e>", .special = true},
                        {.id = 257, .content = "<s>", .special = true}};
  const StatusOr<Alignment> out = Align(base, donor);
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_EQ(out->donor_to_base[256], std::nullopt);
  EXPECT_EQ(out->donor_to_base[257], 256U);
  EXPECT_THAT(out->missing, ElementsAre());
}

TEST(AlignmentTest, AWordPieceBaseTellsTheStartOfAWordFromItsInside) {
  const TokenizerSpec base = toy::WordPiece({"a", "##a", "b"});
  const TokenizerSpec spaced = toy::Characters(Spelling::kByteLevel, {"a", " a", "b", " b"});
  const StatusOr<Alignment> out = Align(base, spaced);
  ASSERT_TRUE(out.ok()) << out.status();
  EXPECT_THAT(out->donor_to_base, ElementsAre(2U, 1U, std::nullopt, 3U));
  EXPECT_THAT(out->missing, ElementsAre(2U));
  const StatusOr<Alignment> words = Align(base, toy::WordPiece({"##a", "##b", "b"}));
  ASSERT_TRUE(words.ok()) << words.status();
  EXPECT_THAT(words->donor_to_base, ElementsAre(0U, 2U, std::nullopt, 3U));
  EXPECT_THAT(words->missing, ElementsAre(2U));
}

TEST(AlignmentTest, RefusesABrokenBaseByName) {
  TokenizerSpec base = toy::ByteLevel({});
  base.vocab.Add({.id = 300, .bytes = "a", .spelling = "a"});
  const StatusOr<Alignment> out = Align(base, toy::ByteLevel({}));
  EXPECT_EQ(out.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(out.status())), HasSubstr("the piece \"a\" stands there twice"));
}

}  // namespace
}  // namespace tokgraft
