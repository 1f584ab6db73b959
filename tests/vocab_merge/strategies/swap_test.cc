#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TokenizerSpec SwapSpecial(TokenizerSpec spec, std::string_view content) {
  const auto id = static_cast<TokenId>(spec.id_limit());
  spec.added_tokens.push_back({.id = id, .content = std::string(content), .special = true});
  return spec;
}

MergeResult Swapped(const TokenizerSpec& base, const TokenizerSpec& donor) {
  return toy::Merged(base, donor, {.strategy = "swap"});
}

TEST(SwapTest, RowsFollowTheirBytes) {
  // Base: "ab" 256, "cd" 257. Donor: "cd" 256, "xy" 257, "ab" 258.
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"c", "d"}});
  const TokenizerSpec donor = toy::ByteLevel({{"c", "d"}, {"x", "y"}, {"a", "b"}});
  const MergeResult swapped = Swapped(base, donor);
  EXPECT_EQ(swapped.tokenizer, donor);
  EXPECT_EQ(swapped.id_map.strategy, "swap");
  EXPECT_EQ(swapped.id_map.base_size, 258U);
  EXPECT_EQ(swapped.id_map.merged_size, 259U);
  EXPECT_EQ(swapped.id_map.base_to_merged[65], 65U);
  EXPECT_EQ(swapped.id_map.base_to_merged[256], 258U);
  EXPECT_EQ(swapped.id_map.base_to_merged[257], 256U);
  EXPECT_THAT(swapped.id_map.added,
              ElementsAre(AddedPiece{.id = 257, .bytes = "xy", .donor_id = 257, .witness = "xy"}));
  EXPECT_THAT(swapped.id_map.removed, IsEmpty());
  for (TokenId id = 0; id < 259; ++id) EXPECT_EQ(swapped.id_map.donor_to_merged[id], id);
}

TEST(SwapTest, WhatTheDonorLacksIsGone) {
  const TokenizerSpec base = SwapSpecial(toy::ByteLevel({{"a", "b"}}), "<end>");
  const TokenizerSpec donor = SwapSpecial(toy::ByteLevel({{"c", "d"}}), "<eos>");
  const MergeResult swapped = Swapped(base, donor);
  EXPECT_EQ(swapped.id_map.base_to_merged[256], std::nullopt);
  EXPECT_EQ(swapped.id_map.base_to_merged[257], std::nullopt);
  EXPECT_THAT(swapped.id_map.removed,
              ElementsAre(RemovedPiece{256, "ab"}, RemovedPiece{257, "<end>"}));
  EXPECT_THAT(
      swapped.id_map.added,
      ElementsAre(AddedPiece{.id = 256, .bytes = "cd", .donor_id = 256, .witness = "cd"},
                  AddedPiece{.id = 257, .bytes = "<eos>", .donor_id = 257, .witness = "<eos>"}));
  EXPECT_THAT(
      toy::Of("D9", swapped.conflicts),
      ElementsAre(Finding{
          .code = "D9",
          .severity = Severity::kWarning,
          .count = 1,
          .base_ids = {257},
          .message = "1 special or added tokens of the base are not in the donor",
          .action = "gone: in the swapped tokenizer their names are ordinary text; what the model "
                    "learnt of them is lost",
          .examples = {"\"<end>\""}}));
}

TEST(SwapTest, OfTwoPiecesForOneByteTheOneThatIsEmittedKeepsItsRow) {
  // `A` and `<0x41>` in the base, only `A` in the donor, and the other way round.
  const TokenizerSpec both = toy::Metaspace({"A"}, {});
  const TokenizerSpec bytes = toy::ByteLevel({});
  const MergeResult to_bytes = Swapped(both, bytes);
  EXPECT_EQ(to_bytes.id_map.base_to_merged[257], 65U);          // "A"
  EXPECT_EQ(to_bytes.id_map.base_to_merged[66], std::nullopt);  // <0x41>
  EXPECT_EQ(to_bytes.id_map.base_to_merged[67], 66U);           // <0x42>
  const MergeResult from_bytes = Swapped(bytes, both);
  EXPECT_EQ(from_bytes.id_map.base_to_merged[65], 257U);
  EXPECT_EQ(from_bytes.id_map.base_to_merged[66], 67U);
  // What is new: <unk>, and the byte that has a character's piece beside it.
  std::vector<TokenId> added;
  for (const AddedPiece& piece : from_bytes.id_map.added) added.push_back(piece.id);
  EXPECT_THAT(added, ElementsAre(0U, 66U));
}

TEST(SwapTest, DeadPiecesOfTheDonorStayAndAreListed) {
  // "cd" is an entry of the vocabulary that no merge makes.
  TokenizerSpec donor = toy::ByteLevel({{"a", "b"}});
  donor.vocab.Add({.id = 257, .bytes = "cd", .spelling = "cd"});
  const MergeResult swapped = Swapped(toy::ByteLevel({}), donor);
  EXPECT_THAT(swapped.id_map.added,
              ElementsAre(AddedPiece{.id = 256, .bytes = "ab", .donor_id = 256, .witness = "ab"},
                          AddedPiece{.id = 257, .bytes = "cd", .donor_id = 257, .witness = ""}));
  const std::vector<Finding> dead = toy::Of("B1", swapped.conflicts);
  ASSERT_EQ(dead.size(), 1U);
  EXPECT_THAT(dead[0].donor_ids, ElementsAre(257U));
  EXPECT_EQ(swapped.conflicts.counts.at("B1"), 1U);
  EXPECT_EQ(dead[0].action,
            "kept, so that the donor's ids hold: no text emits them, their rows are never "
            "trained; trim the donor first to be rid of them");
}

TEST(SwapTest, TheCertificateComparesIdsThroughTheMap) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"c", "d"}});
  const TokenizerSpec donor = toy::ByteLevel({{"c", "d"}, {"x", "y"}, {"a", "b"}});
  // "abcd" keeps its tokens on other ids; "xy" becomes one.
  const MergeResult swapped =
      toy::Merged(base, donor, {.strategy = "swap", .protect = {"abcd", "xy", "a"}});
  EXPECT_EQ(swapped.certificate.level, "L2");
  EXPECT_FALSE(swapped.certificate.proved);
  EXPECT_EQ(swapped.certificate.reason,
            "0 of 258 base ids have no counterpart and 2 are elsewhere");
  EXPECT_EQ(swapped.certificate.base_tokens, 5U);
  EXPECT_EQ(swapped.certificate.merged_tokens, 4U);
  EXPECT_EQ(swapped.certificate.new_cuts, 0U);
  EXPECT_EQ(swapped.certificate.changed_spans, 1U);
}

TEST(SwapTest, ASwapToAnExtensionOfTheBaseIsProved) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  const MergeResult swapped = Swapped(base, toy::ByteLevel({{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(swapped.certificate.level, "L1");
  EXPECT_TRUE(swapped.certificate.proved);
}

TEST(SwapTest, ADonorThatContradictsItselfIsRefused) {
  TokenizerSpec donor = toy::ByteLevel({});
  donor.source = "donor.json";
  donor.vocab.Add({.id = 7, .bytes = "zz", .spelling = "zz"});
  const StatusOr<MergeResult> swapped =
      MergeTokenizers(toy::ByteLevel({}), donor, {.strategy = "swap"});
  EXPECT_EQ(swapped.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(swapped.status())),
              ::testing::HasSubstr("donor.json: vocabulary: id 7 has two pieces"));
}

}  // namespace
}  // namespace tokgraft
