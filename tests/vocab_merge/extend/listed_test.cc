#include "vocab_merge/extend/listed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct ListedToy {
  TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  TokenizerSpec donor = toy::ByteLevel({{"a", "b"}, {"c", "d"}, {"cd", "e"}, {"x", "y"}});
  Alignment alignment = *Align(base, donor);

  std::vector<WantedPiece> Wanted(const std::vector<std::string>& texts) const {
    std::vector<WantedPiece> out;
    for (const std::string& text : texts) out.push_back({text, "w:" + std::to_string(out.size())});
    return out;
  }
  // What a merge by these options adds, in order of ids.
  std::vector<std::string> Added(const MergeOptions& options) const {
    std::vector<std::string> out;
    const StatusOr<MergeResult> merged = MergeTokenizers(base, donor, options);
    EXPECT_TRUE(merged.ok()) << merged.status();
    if (!merged.ok()) return out;
    for (const AddedPiece& piece : merged->id_map.added) out.push_back(piece.bytes);
    return out;
  }
};

TEST(ListedTest, TheListDecidesWhatAndInWhichOrder) {
  const ListedToy toy;
  const StatusOr<Selection> selection =
      SelectListed(toy.base, toy.donor, toy.alignment, toy.Wanted({"xy", "cd", "xy"}));
  ASSERT_TRUE(selection.ok()) << selection.status();
  EXPECT_THAT(selection->pieces, ElementsAre(SelectedPiece{259, 0}, SelectedPiece{257, 0}));
  EXPECT_THAT(selection->outside_scripts, ElementsAre(258));
  EXPECT_THAT(selection->notes, IsEmpty());

  EXPECT_THAT(toy.Added({.pieces = toy.Wanted({"xy", "cd"})}), ElementsAre("cd", "xy"));
  EXPECT_THAT(toy.Added({.budget = 1, .pieces = toy.Wanted({"xy", "cd"})}), ElementsAre("xy"));
  EXPECT_THAT(toy.Added({.budget = 1, .pieces = toy.Wanted({"cd", "xy"})}), ElementsAre("cd"));
  // "cde" is made by way of "cd", which nobody listed: a piece of the donor all the same.
  EXPECT_THAT(toy.Added({.pieces = toy.Wanted({"cde"})}), ElementsAre("cd", "cde"));
}

TEST(ListedTest, ACorpusDoesNotChangeTheOrder) {
  const ListedToy toy;
  EXPECT_THAT(toy.Added({.budget = 1, .pieces = toy.Wanted({"xy", "cd"}), .corpus = {"cdcdcdcd"}}),
              ElementsAre("xy"));
}

TEST(ListedTest, WhatTheBaseHasIsANote) {
  const ListedToy toy;
  const StatusOr<MergeResult> one =
      MergeTokenizers(toy.base, toy.donor, {.pieces = toy.Wanted({"xy", "ab"})});
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_THAT(one->notes, ElementsAre("1 piece of the list is in the base already: w:1 \"ab\""));
  const StatusOr<MergeResult> many = MergeTokenizers(
      toy.base, toy.donor, {.pieces = toy.Wanted({"a", "b", "c", "d", "e", "f", "ab"})});
  ASSERT_TRUE(many.ok()) << many.status();
  EXPECT_THAT(many->id_map.added, IsEmpty());
  EXPECT_THAT(many->notes,
              ElementsAre("7 pieces of the list are in the base already: w:0 \"a\", w:1 \"b\", "
                          "w:2 \"c\", w:3 \"d\", w:4 \"e\" and 2 more"));
}

TEST(ListedTest, WhatTheDonorLacksIsRefusedByItsPlace) {
  const ListedToy toy;
  const Status one =
      MergeTokenizers(toy.base, toy.donor, {.pieces = toy.Wanted({"xy", "hello"})}).status();
  EXPECT_EQ(one.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(one),
            "w:1: \"hello\" is no piece of the donor toy, text that is one token there was "
            "expected, with the blank before it if it has one; take it out of the list");
  const Status two =
      MergeTokenizers(toy.base, toy.donor, {.pieces = toy.Wanted({"no", "xy", "nor"})}).status();
  EXPECT_EQ(Message(two),
            "w:0: \"no\" is no piece of the donor toy (2 pieces of the list: w:0 \"no\", w:2 "
            "\"nor\"), text that is one token there was expected, with the blank before it if it "
            "has one; take it out of the list");
}

TEST(ListedTest, AListAndScriptsContradictEachOther) {
  const ListedToy toy;
  const Status status =
      MergeTokenizers(toy.base, toy.donor, {.scripts = {"Latin"}, .pieces = toy.Wanted({"xy"})})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(status),
            "pieces: a list of pieces and scripts were given, one of them was expected since both "
            "say which pieces are wanted; leave out the scripts, or take what they exclude out of "
            "the list");
}

TEST(ListedTest, OtherStrategiesChooseNothing) {
  const ListedToy toy;
  for (const char* strategy : {"swap", "union", "intersect"}) {
    EXPECT_EQ(Message(MergeTokenizers(toy.base, toy.donor,
                                      {.strategy = strategy, .pieces = toy.Wanted({"xy"})})
                          .status()),
              Cat("strategy: \"", strategy,
                  "\" chooses no pieces, a list of pieces was given; "
                  "leave it out, or use \"extend\""));
  }
}

}  // namespace
}  // namespace tokgraft
