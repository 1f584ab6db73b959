#include "vocab_merge/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <set>

#include "tests/vocab_merge/toy.h"
#include "tokenizer/text/utf8.h"
#include "tokenizer/tokenizer.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> MergeTestTexts(const std::vector<std::string>& units, int max_units) {
  std::vector<std::string> out;
  std::vector<std::string> last = {""};
  for (int n = 0; n < max_units; ++n) {
    std::vector<std::string> next;
    for (const std::string& text : last) {
      for (const std::string& unit : units) next.push_back(text + unit);
    }
    out.insert(out.end(), next.begin(), next.end());
    last = std::move(next);
  }
  return out;
}

std::set<std::size_t> MergeTestEnds(const Tokenizer& tokenizer, std::string_view text) {
  std::vector<TokenId> ids;
  tokenizer.EncodeIds(text, &ids);
  std::set<std::size_t> ends;
  std::size_t at = 0;
  for (const TokenId id : ids) ends.insert(at += tokenizer.token_bytes(id)->size());
  return ends;
}

// What every merge promises.
void ExpectSoundMerge(const TokenizerSpec& base, const TokenizerSpec& donor,
                      const std::vector<std::string>& texts) {
  StatusOr<MergeResult> merged = MergeTokenizers(base, donor);
  ASSERT_TRUE(merged.ok()) << merged.status();
  const StatusOr<Tokenizer> before = Compile(base);
  const StatusOr<Tokenizer> after = Compile(merged->tokenizer);
  ASSERT_TRUE(before.ok() && after.ok());
  EXPECT_TRUE(merged->certificate.proved) << merged->certificate.reason;
  for (const std::string& text : texts) {
    const std::set<std::size_t> old_ends = MergeTestEnds(*before, text);
    const std::set<std::size_t> new_ends = MergeTestEnds(*after, text);
    ASSERT_TRUE(std::includes(old_ends.begin(), old_ends.end(), new_ends.begin(), new_ends.end()))
        << text;
  }
  for (const AddedPiece& piece : merged->id_map.added) {
    std::vector<TokenId> ids;
    after->EncodeIds(piece.witness, &ids);
    ASSERT_THAT(ids, ::testing::Contains(piece.id)) << piece.bytes;
    ASSERT_TRUE(IsValidUtf8(piece.witness));
  }
  const StatusOr<MergeResult> again = MergeTokenizers(merged->tokenizer, donor);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->id_map.added, IsEmpty());
}

toy::Pairs MergeTestRandomPairs(const std::vector<std::string>& units, int count,
                                std::mt19937* random) {
  toy::Pairs out;
  std::vector<std::string> pieces = units;
  for (int i = 0; i < count; ++i) {
    const std::string left = pieces[(*random)() % pieces.size()];
    const std::string right = pieces[(*random)() % pieces.size()];
    if (left.size() + right.size() > 6) continue;
    if (std::find(pieces.begin(), pieces.end(), left + right) != pieces.end()) continue;
    out.emplace_back(left, right);
    pieces.push_back(left + right);
  }
  return out;
}

TEST(MergeTest, RandomByteLevelVocabulariesKeepEveryPromise) {
  std::mt19937 random(1);
  const std::vector<std::string> units = {"a", "b"};
  const std::vector<std::string> texts = MergeTestTexts(units, 7);
  for (int round = 0; round < 800; ++round) {
    SCOPED_TRACE(round);
    TokenizerSpec base = toy::ByteLevel(MergeTestRandomPairs(units, 6, &random));
    std::get<BpeModel>(base.model).ignore_merges = round % 3 == 0;
    ExpectSoundMerge(base, toy::ByteLevel(MergeTestRandomPairs(units, 8, &random)), texts);
  }
}

TEST(MergeTest, RandomRanksKeepEveryPromise) {
  std::mt19937 random(2);
  const std::vector<std::string> units = {"a", "b"};
  const std::vector<std::string> texts = MergeTestTexts(units, 7);
  for (int round = 0; round < 800; ++round) {
    SCOPED_TRACE(round);
    std::vector<std::string> base;
    std::vector<std::string> donor;
    for (const auto& [l, r] : MergeTestRandomPairs(units, 6, &random)) base.push_back(l + r);
    for (const auto& [l, r] : MergeTestRandomPairs(units, 8, &random)) donor.push_back(l + r);
    ExpectSoundMerge(toy::Ranks(base), toy::Ranks(donor), texts);
  }
}

TEST(MergeTest, RandomMetaspaceVocabulariesKeepEveryPromise) {
  std::mt19937 random(3);
  const std::vector<std::string> units = {"a", " ", "\u4e2d"};
  const std::vector<std::string> texts = MergeTestTexts(units, 5);
  for (int round = 0; round < 400; ++round) {
    SCOPED_TRACE(round);
    // The character U+4E2D is new to the base: it encodes it as three byte pieces.
    ExpectSoundMerge(toy::Metaspace({"a", " "}, MergeTestRandomPairs({"a", " "}, 4, &random)),
                     toy::Metaspace(units, MergeTestRandomPairs(units, 8, &random)), texts);
  }
}

TEST(MergeTest, AddsWhatTheDonorHasByAChainOfJoins) {
  const TokenizerSpec base = toy::ByteLevel({{"t", "h"}});
  // The donor joins h and e first; with the base's merge before it, (th, e) is needed.
  const TokenizerSpec donor = toy::ByteLevel({{"h", "e"}, {"t", "he"}});
  const StatusOr<MergeResult> merged = MergeTokenizers(base, donor);
  ASSERT_TRUE(merged.ok()) << merged.status();
  ASSERT_EQ(merged->id_map.added.size(), 2U);
  const AddedPiece& the = merged->id_map.added[1];
  EXPECT_EQ(the.bytes, "the");
  EXPECT_EQ(the.id, 258U);
  EXPECT_EQ(the.donor_id, 257U);
  EXPECT_EQ(the.merges, (std::vector<std::pair<TokenId, TokenId>>{{256, 'e'}}));
  EXPECT_EQ(the.witness, "the");
  EXPECT_EQ(merged->id_map.donor_to_merged[257], 258U);
  EXPECT_EQ(merged->certificate.level, "L1");
}

TEST(MergeTest, TellsWhyAPieceIsRefused) {
  TokenizerSpec base = toy::ByteLevel({});
  base.added_tokens = {{.id = 256, .content = "<b>", .special = true}};
  base.normalizers = {normalizer::Unicode{normalizer::UnicodeForm::kNfc}};
  const TokenizerSpec donor = toy::ByteLevel({{"a", "."},           // cut: a letter and a stop
                                              {"<", "b"},           // cut
                                              {"<b", ">"},          // the base's special token
                                              {"e", "\xCC"},        // cut: marks are no letters
                                              {"e\xCC", "\x81"}});  // becomes U+00E9
  const StatusOr<MergeResult> merged = MergeTokenizers(base, donor);
  ASSERT_TRUE(merged.ok()) << merged.status();
  std::map<std::string, std::vector<TokenId>> refused;
  for (const Finding& finding : merged->conflicts.findings) {
    if (finding.code[0] == 'B' && finding.code != "B8") refused[finding.code] = finding.donor_ids;
  }
  EXPECT_EQ(refused["B3"], (std::vector<TokenId>{256, 257, 259}));
  EXPECT_EQ(refused["B6"], std::vector<TokenId>{258});
  EXPECT_EQ(refused["B5"], std::vector<TokenId>{260});
  EXPECT_EQ(merged->conflicts.counts.at("D7"), 1U);
  EXPECT_THAT(merged->id_map.added, IsEmpty());
}

TEST(MergeTest, ABudgetCountsHelperPiecesToo) {
  const TokenizerSpec base = toy::ByteLevel({});
  toy::Pairs merges = {{"a", "b"}, {"ab", "c"}, {"x", "y"}, {"xy", "z"}};
  const TokenizerSpec donor = toy::ByteLevel(merges);
  for (std::uint64_t budget = 0; budget <= 4; ++budget) {
    const StatusOr<MergeResult> merged = MergeTokenizers(base, donor, {.budget = budget});
    ASSERT_TRUE(merged.ok()) << merged.status();
    EXPECT_EQ(merged->id_map.added.size(), budget);
  }
}

TEST(MergeTest, AScriptFilterMakesADisjointMerge) {
  const TokenizerSpec base = toy::ByteLevel({});
  const TokenizerSpec donor = toy::ByteLevel({{"t", "h"}, {"\xE4", "\xB8"}, {"\xE4\xB8", "\xAD"}});
  const StatusOr<MergeResult> merged = MergeTokenizers(base, donor, {.scripts = {"Han"}});
  ASSERT_TRUE(merged.ok()) << merged.status();
  ASSERT_EQ(merged->conflicts.counts.at("B3"), 0U);
  // The character needs one intermediate, which only Han characters complete.
  ASSERT_EQ(merged->id_map.added.size(), 2U);
  EXPECT_EQ(merged->certificate.level, "L0");
  const StatusOr<MergeResult> bad = MergeTokenizers(base, donor, {.scripts = {"Klingonese"}});
  EXPECT_THAT(std::string(Message(bad.status())), HasSubstr("is no script"));
}

TEST(MergeTest, FoldsAddedTokensIntoTheVocabulary) {
  TokenizerSpec base = toy::ByteLevel({});
  base.added_tokens = {{.id = 300, .content = "<s>", .special = true}};
  const StatusOr<MergeResult> merged = MergeTokenizers(base, toy::ByteLevel({{"a", "b"}}));
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_EQ(merged->id_map.base_size, 301U);
  EXPECT_EQ(merged->tokenizer.vocab.FindSpelling("<s>"), 300U);
  EXPECT_EQ(merged->id_map.added[0].id, 301U);
  EXPECT_EQ(merged->conflicts.counts.at("D17"), 1U);
  EXPECT_EQ(merged->conflicts.counts.at("D3"), 44U);
}

TEST(MergeTest, RefusesByName) {
  TokenizerSpec base = toy::ByteLevel({});
  const StatusOr<MergeResult> glue = MergeTokenizers(base, base, {.strategy = "glue"});
  EXPECT_EQ(glue.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(glue.status()),
            "strategy: \"glue\" is unknown, extend, swap, union, intersect or replace-slots was "
            "expected");
  const StatusOr<MergePlan> swap =
      PlanMerge(base, base, *Align(base, base), Selection(), {.strategy = "swap"});
  EXPECT_EQ(Message(swap.status()),
            "strategy: \"swap\" has no plan, \"extend\" was expected; MergeTokenizers does the "
            "others in one step");
  toy::Bpe(&base).end_of_word_suffix = "</w>";
  const StatusOr<MergeResult> suffixes = MergeTokenizers(base, toy::ByteLevel({}));
  EXPECT_EQ(suffixes.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(Message(suffixes.status())), HasSubstr("end_of_word_suffix"));
  base.model = UnigramModel{};
  EXPECT_EQ(Message(MergeTokenizers(base, toy::ByteLevel({})).status()),
            "toy: model.unk_id: no unknown piece, expected one: the reference fails at the first "
            "character that is no piece");
}

TEST(MergeTest, RefusesABaseWithTwoPiecesOnOneId) {
  TokenizerSpec base = toy::ByteLevel({});
  base.vocab.Add({.id = 7, .bytes = "zz", .spelling = "zz"});
  const StatusOr<MergeResult> merged = MergeTokenizers(base, toy::ByteLevel({}));
  EXPECT_EQ(merged.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(merged.status())), HasSubstr("id 7 has two pieces"));
}

TEST(MergeTest, AFragmentThatOnlyInvalidTextMakesIsAddedOnRequest) {
  const TokenizerSpec base = toy::ByteLevel({}, /*use_regex=*/false);
  const TokenizerSpec donor = toy::ByteLevel({{"\xFF", "\xFE"}});
  StatusOr<MergeResult> merged = MergeTokenizers(base, donor);
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_THAT(merged->id_map.added, IsEmpty());
  EXPECT_EQ(merged->conflicts.counts.at("B8"), 1U);
  EXPECT_EQ(merged->conflicts.counts.at("B1"), 1U);
  merged = MergeTokenizers(base, donor, {.allow_bytes = true});
  ASSERT_TRUE(merged.ok()) << merged.status();
  ASSERT_EQ(merged->id_map.added.size(), 1U);
  EXPECT_EQ(merged->id_map.added[0].witness, "\xFF\xFE");
}

TEST(MergeTest, ACharacterThatWasAByteIsTheDonorsWhereJoinsNeedIt) {
  // The base writes "_" as <0x5F>, which joins cannot use: "__" needs the character as a piece.
  const StatusOr<MergeResult> merged =
      MergeTokenizers(toy::Metaspace({"a", " "}, {}), toy::ByteLevel({{"_", "_"}}));
  ASSERT_TRUE(merged.ok()) << merged.status();
  ASSERT_EQ(merged->id_map.added.size(), 2U);
  const AddedPiece& character = merged->id_map.added[0];
  EXPECT_EQ(character.bytes, "_");
  EXPECT_EQ(character.donor_id, TokenId{'_'});
  EXPECT_EQ(merged->id_map.donor_to_merged['_'], character.id);
  EXPECT_EQ(merged->id_map.donor_to_merged['b'], TokenId{'b' + 1});  // still a byte
}

}  // namespace
}  // namespace tokgraft
