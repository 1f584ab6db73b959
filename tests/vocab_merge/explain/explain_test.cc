#include "vocab_merge/explain/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Explanation Explained(const TokenizerSpec& base, const TokenizerSpec& donor,
                      const MergeOptions& options) {
  const StatusOr<Explanation> why =
      ExplainMerge(base, donor, toy::Merged(base, donor, options), options);
  EXPECT_TRUE(why.ok()) << why.status();
  return why.ok() ? *why : Explanation();
}

// Base: "ab" before "bc". Donor: the other way round, and "abd", which it makes of "a" and "bd".
TokenizerSpec ExplainBase() { return toy::ByteLevel({{"a", "b"}, {"b", "c"}}); }
TokenizerSpec ExplainDonor() {
  return toy::ByteLevel({{"b", "c"}, {"a", "b"}, {"b", "d"}, {"a", "bd"}});
}

TEST(ExplainTest, CountsWhatOldTextNotices) {
  // The base: ab|c and ab|d, four tokens.
  const Explanation why = Explained(ExplainBase(), ExplainDonor(), {.protect = {"abc", "abd"}});
  EXPECT_EQ(why.checked_bytes, 6U);
  EXPECT_EQ(why.base_tokens, 4U);
  EXPECT_EQ(why.shared_pairs, 2U);
  EXPECT_THAT(why.ways,
              ElementsAre(
                  // ab|c, abd: the two tokens of "abd" became one.
                  ExplainedWay{.name = "tokgraft merge",
                               .added = 2,
                               .dead = 0,
                               .tokens = 3,
                               .changed_tokens = 2,
                               .new_cuts = 0},
                  // bc before ab: a|bc cuts where "ab" was whole. In "abd" ab comes before bd.
                  ExplainedWay{.name = "concatenate the merge lists",
                               .added = 2,
                               .dead = 1,
                               .tokens = 4,
                               .changed_tokens = 2,
                               .new_cuts = 1},
                  // bd first: abd is whole, abc as before.
                  ExplainedWay{.name = "prepend the donor's merges",
                               .added = 2,
                               .dead = 0,
                               .tokens = 3,
                               .changed_tokens = 2,
                               .new_cuts = 0},
                  // ab comes first, so a+bd never has its turn: "abd" is dead.
                  ExplainedWay{.name = "append the donor's merges",
                               .added = 2,
                               .dead = 1,
                               .tokens = 4,
                               .changed_tokens = 0,
                               .new_cuts = 0},
                  ExplainedWay{.name = "add_tokens, as the file spells",
                               .added = 2,
                               .dead = 0,
                               .tokens = 3,
                               .changed_tokens = 2,
                               .new_cuts = 0},
                  ExplainedWay{.name = "add_tokens, as text",
                               .added = 2,
                               .dead = 0,
                               .tokens = 3,
                               .changed_tokens = 2,
                               .new_cuts = 0}));
}

TEST(ExplainTest, AddedTokensCutWords) {
  // "bd" as an added token splits what the base holds together: ab|d becomes a|bd.
  const Explanation why =
      Explained(ExplainBase(), toy::ByteLevel({{"b", "d"}}), {.protect = {"abd", "ab"}});
  const ExplainedWay& as_text = why.ways.back();
  EXPECT_EQ(as_text.name, "add_tokens, as text");
  EXPECT_EQ(as_text.changed_tokens, 2U);
  EXPECT_EQ(as_text.new_cuts, 1U);
  EXPECT_EQ(why.ways.front().new_cuts, 0U);
}

TEST(ExplainTest, ALookUpOfWholeWordsIsShownWithAndWithout) {
  TokenizerSpec base = ExplainBase();
  toy::Bpe(&base).ignore_merges = true;
  const Explanation why = Explained(base, ExplainDonor(), {.protect = {"abd"}});
  std::vector<std::uint64_t> dead;
  for (const ExplainedWay& way : why.ways) {
    if (way.name == "append the donor's merges") dead.push_back(way.dead);
  }
  EXPECT_THAT(dead, ElementsAre(0U, 1U));  // "abd" is found whole; joins do not make it
  EXPECT_EQ(why.ways.size(), 6U + 4U);     // added tokens are found before, with the flag or not
  EXPECT_THAT(why.DebugString(), HasSubstr("the same by joins alone"));
}

TEST(ExplainTest, PlainWaysTakeThePiecesThatWereChosen) {
  const Explanation why = Explained(ExplainBase(), ExplainDonor(), {.budget = 1});
  for (const ExplainedWay& way : why.ways) EXPECT_EQ(way.added, 1U) << way.name;
}

TEST(ExplainTest, WithoutTextOnlyDeadPiecesAreTold) {
  const std::string told = Explained(ExplainBase(), ExplainDonor(), {}).DebugString();
  EXPECT_THAT(told, HasSubstr("none was given: --protect FILE tells what it would notice"));
  EXPECT_THAT(told, HasSubstr("append the donor's merges             2     1\n"));
  EXPECT_THAT(told, Not(HasSubstr("old tokens changed")));
}

TEST(ExplainTest, ATableForPeopleAndJsonForPrograms) {
  const Explanation why = Explained(ExplainBase(), ExplainDonor(), {.protect = {"abc", "abd"}});
  const std::string told = why.DebugString();
  EXPECT_THAT(told, HasSubstr("old text        6 bytes, 4 tokens with the base\n"));
  EXPECT_THAT(told, HasSubstr("concatenate the merge lists           2     1"));
  EXPECT_THAT(told, HasSubstr("50.00 %"));
  EXPECT_THAT(told, HasSubstr("2 pairs stand in both merge lists."));
  const auto json = nlohmann::json::parse(why.ToJson());
  EXPECT_EQ(json["base_tokens"], 4);
  EXPECT_EQ(json["ways"].size(), 6U);
  EXPECT_EQ(json["ways"][1]["name"], "concatenate the merge lists");
  EXPECT_EQ(json["ways"][1]["changed_tokens"], 2);
}

TEST(ExplainTest, OnlyExtendHasPlainWays) {
  const TokenizerSpec base = ExplainBase();
  const MergeOptions options{.strategy = "swap"};
  const StatusOr<Explanation> why =
      ExplainMerge(base, ExplainDonor(), toy::Merged(base, ExplainDonor(), options), options);
  EXPECT_EQ(Message(why.status()),
            "explain: the strategy was \"swap\", only \"extend\" has plain ways to be compared "
            "with");
}

}  // namespace
}  // namespace tokgraft
