// trans-tokenization: rows from parallel text whose translations are known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "embed_init/methods/auxiliary_cache.h"
#include "embed_init/methods/role_rows.h"
#include "tests/embed_init/made_input.h"
#include "tests/embed_init/random_model.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

constexpr TokenId kDog = 257;
constexpr TokenId kCat = 259;
constexpr TokenId kHu = 260;  // never a token of its own in the text
constexpr TokenId kHund = 262;
constexpr TokenId kKater = 266;  // a cat, and now and then a dog

class TransTokenizationTest : public ::testing::Test {
 protected:
  TransTokenizationTest() : made_(testing::RandomRows(260, 4, 1), 4) {
    std::string text;
    for (int i = 0; i < 40; ++i) text += "dog\thund\ncat dog\tkater hund\ncat\tkater\n";
    for (int i = 0; i < 20; ++i) text += "dog\tkater\n";
    testing::WriteText(path_, text);
    made_.options.auxiliary.parallel = path_;
    made_.input.base = &base_;
    made_.input.merged = &merged_;
    for (const TokenId id : {kHu, kHund, kKater}) {
      made_.input.tokens.push_back({.pieces = {{'h', 'u'}, {1, 1}}, .row = id});
    }
  }
  MadeRows Make() {
    const StatusOr<MadeRows> rows = MakeTransTokenizationRows(made_.input);
    EXPECT_TRUE(rows.ok()) << Message(rows.status());
    return *rows;
  }

  testing::TemporaryDirectory directory_;
  std::string path_ = directory_ / "pairs.tsv";
  Tokenizer base_ = *Compile(toy::ByteLevel({{"d", "o"}, {"do", "g"}, {"c", "a"}, {"ca", "t"}}));
  Tokenizer merged_ = *Compile(toy::ByteLevel({{"d", "o"},
                                               {"do", "g"},
                                               {"c", "a"},
                                               {"ca", "t"},
                                               {"h", "u"},
                                               {"hu", "n"},
                                               {"hun", "d"},
                                               {"k", "a"},
                                               {"t", "e"},
                                               {"te", "r"},
                                               {"ka", "ter"}}));
  testing::MadeInput made_;
};

TEST_F(TransTokenizationTest, ARowIsWhatStandsForTheToken) {
  const MadeRows rows = Make();
  EXPECT_THAT(rows.origins,
              ElementsAre(RowOrigin::kMeanOfPieces, RowOrigin::kMethod, RowOrigin::kMethod));
  EXPECT_THAT(rows.entries[0], ElementsAre(Pair('h', 0.5), Pair('u', 0.5)));
  const auto share = [&](std::size_t token, TokenId id) {
    for (const auto& [row, weight] : rows.entries[token]) {
      if (row == id) return weight;
    }
    return 0.0;
  };
  EXPECT_GT(share(1, kDog), 0.8);
  EXPECT_GT(share(2, kCat), share(2, kDog));
  EXPECT_GT(share(2, kDog), 0.1);
  for (const RowEntries& entries : rows.entries) {
    double sum = 0;
    for (const auto& [row, weight] : entries) sum += weight;
    EXPECT_NEAR(sum, 1, 1e-12);
  }
  ASSERT_EQ(rows.notes.size(), 1U);
  EXPECT_THAT(rows.notes[0], HasSubstr("aligned 140 lines"));
  EXPECT_THAT(rows.notes[0], HasSubstr("2 of 3 new tokens have translations"));
}

TEST_F(TransTokenizationTest, RarePairsAreLeftOut) {
  made_.options.settings.translate_min_count = 1000;
  const MadeRows none = Make();
  for (const RowOrigin origin : none.origins) EXPECT_EQ(origin, RowOrigin::kMeanOfPieces);
  made_.options.settings.translate_min_count = 30;  // "kater" says "dog" fewer times
  made_.input.tokens = {{.pieces = {}, .row = kKater}};
  const MadeRows rows = Make();
  EXPECT_THAT(rows.entries[0], ElementsAre(Pair(kCat, 1.0)));
}

TEST_F(TransTokenizationTest, HiddenRowsAndRowsThatAreNoNumbersGiveNothing) {
  made_.input.tokens = {{.pieces = {{'h'}, {1}}, .row = kHund}};
  made_.input.hidden.assign(260, false);
  made_.input.hidden[kDog] = true;
  const MadeRows without = Make();
  for (const auto& [row, weight] : without.entries[0]) EXPECT_NE(row, kDog);
  made_.input.hidden.clear();
  made_.old[kDog * 4 + 2] = std::numeric_limits<float>::quiet_NaN();
  const MadeRows sound = Make();
  for (const auto& [row, weight] : sound.entries[0]) EXPECT_NE(row, kDog);
}

TEST_F(TransTokenizationTest, TextIsAlignedOnceForBothRoles) {
  AuxiliaryCache cache;
  made_.input.cache = &cache;
  const MadeRows first = Make();
  std::filesystem::remove(path_);
  const MadeRows second = Make();
  EXPECT_EQ(first.entries, second.entries);
}

TEST_F(TransTokenizationTest, WhatLacksIsNamed) {
  made_.options.auxiliary.parallel = "";
  const Status lacks =
      MakeRoleRows(Method::kTransTokenization, NormPolicy::kNone, made_.input).status();
  EXPECT_TRUE(absl::IsInvalidArgument(lacks));
  EXPECT_THAT(std::string(Message(lacks)), HasSubstr("give --parallel FILE"));
  made_.options.auxiliary.parallel = path_;
  testing::WriteText(path_, "a\tb\nc\n");
  EXPECT_THAT(
      std::string(Message(
          MakeRoleRows(Method::kTransTokenization, NormPolicy::kNone, made_.input).status())),
      HasSubstr("pairs.tsv: line 2: has no tab"));
  made_.input.merged = nullptr;
  EXPECT_TRUE(absl::IsFailedPrecondition(
      MakeRoleRows(Method::kTransTokenization, NormPolicy::kNone, made_.input).status()));
}

TEST_F(TransTokenizationTest, TellsHowFarItIs) {
  std::vector<double> fractions;
  made_.options.progress = [&](std::string_view stage, double fraction) {
    EXPECT_EQ(stage, "align");
    fractions.push_back(fraction);
  };
  Make();
  ASSERT_FALSE(fractions.empty());
  EXPECT_TRUE(std::is_sorted(fractions.begin(), fractions.end()));
  EXPECT_EQ(fractions.back(), 1);
}

}  // namespace
}  // namespace tokgraft
