#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

TEST(ReplaceSlotsTest, TheLeastUsefulPieceGivesItsSlot) {
  // "ab" 256 is used twice, "cd" 257 never, "ef" 258 once.
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"c", "d"}, {"e", "f"}});
  const TokenizerSpec donor = toy::ByteLevel({{"x", "y"}, {"y", "z"}});
  const MergeResult merged = toy::Merged(
      base, donor, {.strategy = "replace-slots", .budget = 1, .protect = {"ab", "ab ef", "cx"}});
  EXPECT_EQ(merged.id_map.strategy, "replace-slots");
  EXPECT_EQ(merged.id_map.merged_size, 259U);
  EXPECT_EQ(merged.id_map.base_to_merged[256], 256U);
  EXPECT_EQ(merged.id_map.base_to_merged[257], std::nullopt);
  EXPECT_THAT(merged.id_map.removed, ElementsAre(RemovedPiece{257, "cd"}));
  EXPECT_THAT(
      merged.id_map.added,
      ElementsAre(AddedPiece{
          .id = 257, .bytes = "xy", .donor_id = 256, .merges = {{'x', 'y'}}, .witness = "xy"}));
  EXPECT_EQ(merged.id_map.donor_to_merged[256], 257U);
  EXPECT_EQ(*merged.tokenizer.vocab.Find("xy"), 257U);
  EXPECT_EQ(merged.tokenizer.vocab.Find("cd"), std::nullopt);
  EXPECT_EQ(merged.conflicts.counts.at("D4"), 0U);
  EXPECT_EQ(merged.certificate.level, "L2");
  EXPECT_EQ(merged.certificate.base_tokens, 1U + 3U + 2U);
  EXPECT_EQ(merged.certificate.merged_tokens, 6U);
}

TEST(ReplaceSlotsTest, APartOfWhatStaysDoesNotGo) {
  // "ab" itself never comes out, but "abc" is made of it; "ef" is least useful.
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"ab", "c"}, {"e", "f"}});
  const MergeResult merged =
      toy::Merged(base, toy::ByteLevel({{"x", "y"}}),
                  {.strategy = "replace-slots", .budget = 1, .protect = {"abc abc"}});
  EXPECT_THAT(merged.id_map.removed, ElementsAre(RemovedPiece{258, "ef"}));
}

TEST(ReplaceSlotsTest, WhatNewPiecesAreMadeOfDoesNotGo) {
  // "cd" is not used, but the new "cdx" is made of it; "ab" goes, though it is used once.
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}, {"c", "d"}});
  const MergeResult merged =
      toy::Merged(base, toy::ByteLevel({{"d", "x"}, {"c", "dx"}}),
                  {.strategy = "replace-slots", .budget = 1, .corpus = {"cdx"}, .protect = {"ab"}});
  EXPECT_THAT(merged.id_map.removed, ElementsAre(RemovedPiece{256, "ab"}));
  ASSERT_EQ(merged.id_map.added.size(), 1U);
  EXPECT_EQ(merged.id_map.added[0].bytes, "cdx");
  EXPECT_EQ(merged.certificate.base_tokens, 1U);
  EXPECT_EQ(merged.certificate.merged_tokens, 2U);
  EXPECT_EQ(merged.certificate.new_cuts, 1U);
}

TEST(ReplaceSlotsTest, SaysWhatIsMissing) {
  const auto message = [](const TokenizerSpec& base, const MergeOptions& options) {
    return std::string(
        Message(MergeTokenizers(base, toy::ByteLevel({{"x", "y"}}), options).status()));
  };
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  EXPECT_EQ(message(base, {.strategy = "replace-slots"}),
            "strategy: \"replace-slots\" needs a budget: how many old pieces may go");
  EXPECT_EQ(
      message(base, {.strategy = "replace-slots", .budget = 1}),
      "strategy: \"replace-slots\" needs old text to weigh old pieces on; give it as protect");
  EXPECT_EQ(
      message(toy::ByteLevel({}), {.strategy = "replace-slots", .budget = 1, .protect = {"a"}}),
      "strategy: \"replace-slots\": only 0 old pieces can go, the new ones need 1; the others "
      "are special, bytes or parts of what stays: give a smaller budget");
  EXPECT_EQ(
      message(toy::Ranks({"ab"}), {.strategy = "replace-slots", .budget = 1, .protect = {"a"}}),
      "toy ranks: ids are ranks in this format, so a new piece in an old slot would be "
      "joined before old ones; convert it to tokenizer.json");
}

// On random vocabularies: the size stays, kept ids are where they were, each new one has a text,
// and text whose old tokens are all kept, without new ones, keeps its ids.
TEST(ReplaceSlotsTest, RandomVocabulariesKeepTheirSize) {
  std::mt19937 random(7);
  int replaced = 0;
  for (int round = 0; round < 150; ++round) {
    const auto pairs = [&](std::size_t count) {
      toy::Pairs out;
      std::vector<std::string> pieces = {"a", "b", "c", "d"};
      std::set<std::string> known(pieces.begin(), pieces.end());
      for (std::size_t i = 0; i < count; ++i) {
        const std::string left = pieces[random() % pieces.size()];
        const std::string right = pieces[random() % pieces.size()];
        if (left.size() + right.size() > 6 || !known.insert(left + right).second) continue;
        out.emplace_back(left, right);
        pieces.push_back(left + right);
      }
      return out;
    };
    const TokenizerSpec base = toy::ByteLevel(pairs(12));
    const TokenizerSpec donor = toy::ByteLevel(pairs(12));
    std::vector<std::string> texts;
    for (int i = 0; i < 12; ++i) {
      std::string text;
      for (std::size_t n = 1 + random() % 12; n > 0; --n) {
        text += static_cast<char>('a' + random() % 4);
      }
      texts.push_back(text);
    }
    MergeOptions options{.strategy = "replace-slots", .budget = 2};
    options.protect.assign(texts.begin(), texts.end());
    const StatusOr<MergeResult> merged = MergeTokenizers(base, donor, options);
    if (!merged.ok()) {
      EXPECT_THAT(std::string(Message(merged.status())), ::testing::HasSubstr("old pieces can go"));
      continue;
    }
    const IdMap& map = merged->id_map;
    EXPECT_EQ(map.merged_size, map.base_size);
    EXPECT_EQ(map.added.size(), map.removed.size());
    replaced += static_cast<int>(map.added.size());
    const Tokenizer before = *Compile(base);
    const Tokenizer after = *Compile(merged->tokenizer);
    std::set<TokenId> new_ids;
    for (const AddedPiece& piece : map.added) {
      new_ids.insert(piece.id);
      std::vector<TokenId> ids;
      after.EncodeIds(piece.witness, &ids);
      EXPECT_THAT(ids, ::testing::Contains(piece.id)) << round;
    }
    std::uint64_t tokens = 0;
    for (const std::string& text : texts) {
      std::vector<TokenId> old_ids;
      std::vector<TokenId> ids;
      before.EncodeIds(text, &old_ids);
      after.EncodeIds(text, &ids);
      tokens += ids.size();
      EXPECT_EQ(*after.Decode(ids), text);
      const bool kept = std::all_of(old_ids.begin(), old_ids.end(),
                                    [&](TokenId id) { return map.base_to_merged[id] == id; });
      const bool none_new =
          std::none_of(ids.begin(), ids.end(), [&](TokenId id) { return new_ids.contains(id); });
      if (kept && none_new) {
        EXPECT_EQ(ids, old_ids) << round;
      }
    }
    EXPECT_EQ(merged->certificate.merged_tokens, tokens);
  }
  EXPECT_GT(replaced, 150);
}

}  // namespace
}  // namespace tokgraft
