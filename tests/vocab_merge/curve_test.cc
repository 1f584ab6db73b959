#include "vocab_merge/curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/vocab_merge/toy.h"
#include "tests/vocab_merge/toy_whole.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/merge.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

struct CurveToy {
  TokenizerSpec base = toy::ByteLevel({});
  TokenizerSpec donor = toy::ByteLevel({{"a", "b"}, {"ab", "c"}, {"x", "y"}, {"q", "q"}});
  Alignment alignment = *Align(base, donor);
  std::vector<std::string_view> first = {"abc abc abc xy", "abc xy"};
  std::vector<std::string_view> second = {"xy", ""};
  std::vector<std::string_view> both() const { return {"abc abc abc xy", "abc xy", "xy", ""}; }
};

TEST(CurveTest, CountsEachCorpusExactlyAtEachSize) {
  const CurveToy toy;
  const StatusOr<Selection> selection =
      Select(toy.base, toy.donor, toy.alignment, {.corpus = toy.both()});
  ASSERT_TRUE(selection.ok()) << selection.status();
  ASSERT_EQ(selection->pieces.size(), 3U);  // "qq" is not in the text
  const StatusOr<Curve> curve =
      MeasureCurve(toy.base, toy.donor, toy.alignment, *selection,
                   {.corpora = {{"first", toy.first}, {"second", toy.second}}});
  ASSERT_TRUE(curve.ok()) << curve.status();
  EXPECT_FALSE(curve->held_out);
  ASSERT_EQ(curve->corpora.size(), 2U);
  // "ab" and "abc" save four tokens each, "xy" three.
  EXPECT_EQ(curve->corpora[0].documents, 2U);
  EXPECT_EQ(curve->corpora[0].bytes, 20U);
  EXPECT_THAT(curve->corpora[0].points, ElementsAre(CurvePoint{0, 20}, CurvePoint{1, 16},
                                                    CurvePoint{2, 12}, CurvePoint{3, 10}));
  EXPECT_THAT(curve->corpora[1].points,
              ElementsAre(CurvePoint{0, 2}, CurvePoint{1, 2}, CurvePoint{2, 2}, CurvePoint{3, 1}));
  EXPECT_THAT(curve->Total().points, ElementsAre(CurvePoint{0, 22}, CurvePoint{1, 18},
                                                 CurvePoint{2, 14}, CurvePoint{3, 11}));
  EXPECT_EQ(curve->corpora[0].bytes_per_token({3, 10}), 2.0);
  EXPECT_EQ(curve->ToTable(),
            "bytes per token on the text that the pieces were chosen on\n"
            "  new ids  first  second  tokens    saved\n"
            "        0  1.000   1.000      22   0.00 %\n"
            "        1  1.250   1.000      18  18.18 %\n"
            "        2  1.667   1.000      14  36.36 %\n"
            "        3  2.000   2.000      11  50.00 %\n");
  const auto json = nlohmann::json::parse(curve->ToJson());
  EXPECT_EQ(json["held_out"], false);
  EXPECT_EQ(json["corpora"]["first"]["documents"], 2);
  EXPECT_EQ(
      json["corpora"]["first"]["points"][3],
      (nlohmann::json{{"ids", 3}, {"tokens", 10}, {"bytes_per_token", 2.0}, {"tokens_saved", 10}}));
}

TEST(CurveTest, TheLastPointIsTheMergeItself) {
  const CurveToy toy;
  for (const std::optional<std::uint64_t> budget : {std::optional<std::uint64_t>(2), {}}) {
    const StatusOr<MergeResult> merged =
        MergeTokenizers(toy.base, toy.donor,
                        {.budget = budget, .corpus = toy.both(), .curve = {{"all", toy.both()}}});
    ASSERT_TRUE(merged.ok()) << merged.status();
    ASSERT_TRUE(merged->curve.has_value());
    const StatusOr<Tokenizer> tokenizer = Compile(merged->tokenizer);
    std::uint64_t tokens = 0;
    for (const std::string_view text : toy.both()) tokens += tokenizer->Count(text);
    EXPECT_EQ(merged->curve->corpora[0].points.back(),
              (CurvePoint{merged->id_map.added.size(), tokens}));
  }
}

TEST(CurveTest, WhatCutsProtectedTextIsNoPointOfTheCurve) {
  const TokenizerSpec base = toy::WordPiece({"a", "ab", "##c", "##A", "##cA"});
  const TokenizerSpec donor = toy::WordPiece({"abc", "##cAA"});
  const std::vector<std::string_view> text = {"abc abc a"};
  const auto points = [&](const std::vector<std::string_view>& protect) {
    const StatusOr<MergeResult> merged =
        MergeTokenizers(base, donor, {.corpus = text, .protect = protect, .curve = {{"t", text}}});
    EXPECT_TRUE(merged.ok()) << merged.status();
    return merged.ok() ? merged->curve->corpora[0].points : std::vector<CurvePoint>();
  };
  EXPECT_THAT(points({}), ElementsAre(CurvePoint{0, 5}, CurvePoint{1, 3}));
  EXPECT_THAT(points({"a abcA a"}), ElementsAre(CurvePoint{0, 5}));
}

TEST(CurveTest, HelperPiecesCountAndSizesThatGiveNothingNewAreLeftOut) {
  // "wxyz" needs two helper pieces beside itself.
  const TokenizerSpec base = toy::ByteLevel({});
  TokenizerSpec donor = toy::ByteLevel({{"w", "x"}, {"y", "z"}, {"wx", "yz"}});
  donor = toy::Without(toy::Without(donor, 256), 257);
  toy::Bpe(&donor).merges.clear();
  const StatusOr<Alignment> alignment = Align(base, donor);
  const Selection selection{.pieces = {{.donor_id = 258}}};
  const StatusOr<Curve> curve =
      MeasureCurve(base, donor, *alignment, selection,
                   {.corpora = {{"t", {"wxyz"}}}, .sizes = {5, 1, 2, 3, 4, 0, 3}});
  ASSERT_TRUE(curve.ok()) << curve.status();
  EXPECT_THAT(curve->corpora[0].points, ElementsAre(CurvePoint{0, 4}, CurvePoint{3, 1}));
  const StatusOr<Curve> ladder =
      MeasureCurve(base, donor, *alignment, selection, {.corpora = {{"t", {"wxyz"}}}});
  ASSERT_TRUE(ladder.ok()) << ladder.status();
  EXPECT_EQ(*ladder, *curve);
}

TEST(CurveTest, TheLadderDoubles) {
  EXPECT_THAT(CurveLadder(0), ElementsAre(0));
  EXPECT_THAT(CurveLadder(1), ElementsAre(0, 1));
  EXPECT_THAT(CurveLadder(100), ElementsAre(0, 13, 26, 52, 100));
  EXPECT_THAT(CurveLadder(500), ElementsAre(0, 250, 500));
  EXPECT_THAT(CurveLadder(4067), ElementsAre(0, 250, 500, 1000, 2000, 4067));
  EXPECT_THAT(CurveLadder(4600), ElementsAre(0, 250, 500, 1000, 2000, 4000, 4600));
}

TEST(CurveTest, WhatCannotBeMeasuredIsRefused) {
  const CurveToy toy;
  const auto error = [&](const CurveOptions& options) {
    const Status status = MeasureCurve(toy.base, toy.donor, toy.alignment, {}, options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(Message(status));
  };
  EXPECT_EQ(error({}),
            "curve: no corpus was given, text to measure on was expected; give --corpus NAME=PATH "
            "(in Python corpora)");
  EXPECT_EQ(error({.corpora = {{"a", toy.first}, {"a", toy.second}}}),
            "curve: two corpora have the name \"a\"; rename one of them");
  const Status status =
      MergeTokenizers(toy.base, toy.donor, {.strategy = "swap", .curve = {{"a", toy.first}}})
          .status();
  EXPECT_EQ(Message(status),
            "curve: the strategy is \"swap\", \"extend\" was expected, which alone adds pieces "
            "one after another; leave the curve out");
}

TEST(CurveTest, FilesAreReadByName) {
  const StatusOr<CurveTexts> none = ReadCurveTexts({{"a", "/no/such/text"}}, Documents::kLine);
  EXPECT_EQ(none.status().code(), absl::StatusCode::kNotFound);
  const std::string path = ::testing::TempDir() + "curve_test.txt";
  FILE* file = std::fopen(path.c_str(), "w");
  std::fputs("one\ntwo\n", file);
  std::fclose(file);
  const StatusOr<CurveTexts> texts = ReadCurveTexts({{"a", path}, {"b", path}}, Documents::kLine);
  ASSERT_TRUE(texts.ok()) << texts.status();
  ASSERT_EQ(texts->corpora.size(), 2U);
  EXPECT_EQ(texts->corpora[1].name, "b");
  EXPECT_THAT(texts->corpora[1].documents, ElementsAre("one\n", "two\n"));
}

}  // namespace
}  // namespace tokgraft
