// Comparing pairs documents by resampling: certain differences are certain, equal tokenizers show
// none, and p-values are corrected by Holm over all pairs. The resamples are counted by hand where
// every document has the same ratio.
#include "tokenizer/compare.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/tokenizer/toy_spec.h"

namespace tokgraft {
namespace {

using NamedTokenizers = std::vector<std::pair<std::string, Tokenizer>>;

// Spells a, b and line ends; joins each letter of `doubled` with itself.
Tokenizer Doubling(std::string_view doubled) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}, {"\n"}, {"aa"}, {"bb"}}, BpeModel{});
  for (const char c : doubled) toy::AddMerges({{std::string(1, c), std::string(1, c)}}, &spec);
  return Compile(spec).value();
}

class CompareTest : public testing::Test {
 protected:
  CompareTest() {
    path_ = testing::TempDir() + testing::UnitTest::GetInstance()->current_test_info()->name();
  }
  ~CompareTest() override { std::remove(path_.c_str()); }
  std::vector<Corpus> Written(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    return {{.name = "c", .path = path_}};
  }
  static std::string Repeated(const std::string& text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  }
  std::string path_;
};

TEST_F(CompareTest, ARatioOfEveryDocumentIsTheRatioOfEveryResample) {
  // "aaa\n": 4 tokens without joins, 3 with one.
  const Comparison c = Compare({{"plain", Doubling("")}, {"joins", Doubling("a")}},
                               Written(Repeated("aaa\n", 50)), {.resamples = 100, .progress = {}})
                           .value();
  ASSERT_EQ(c.pairs.size(), 1U);
  EXPECT_EQ(c.corpora[0],
            (CorpusTokens{.corpus = "c", .documents = 50, .bytes = 200, .tokens = {200, 150}}));
  const PairComparison& pair = c.pairs[0];
  EXPECT_EQ(pair.ratio, 200.0 / 150);
  EXPECT_EQ(pair.low, pair.ratio);
  EXPECT_EQ(pair.high, pair.ratio);
  EXPECT_EQ(pair.p, 2.0 / 101);  // no resample on the other side of 1
  EXPECT_EQ(pair.p_corrected, pair.p);
  EXPECT_EQ(pair.verdict, "joins needs 25.0 % fewer tokens");
}

TEST_F(CompareTest, TheSameTokenizerShowsNoDifference) {
  const Comparison c =
      Compare({{"x", Doubling("a")}, {"y", Doubling("a")}}, Written("aa\nab\nb\n")).value();
  EXPECT_EQ(c.pairs[0],
            (PairComparison{.corpus = "c", .a = "x", .b = "y", .verdict = "no difference"}));
}

TEST_F(CompareTest, DifferencesThatCancelOutAreNone) {
  const Comparison c =
      Compare({{"a", Doubling("a")}, {"b", Doubling("b")}}, Written(Repeated("aa\nbb\n", 20)))
          .value();
  EXPECT_EQ(c.pairs[0].ratio, 1.0);
  EXPECT_LT(c.pairs[0].low, 1.0);
  EXPECT_GT(c.pairs[0].high, 1.0);
  EXPECT_EQ(c.pairs[0].verdict, "no difference");
}

TEST_F(CompareTest, HolmMultipliesByTheHypothesesThatAreLeft) {
  const NamedTokenizers tokenizers = {
      {"x", Doubling("")}, {"y", Doubling("")}, {"z", Doubling("a")}};
  const Comparison c =
      Compare(tokenizers, Written(Repeated("aa\n", 30)), {.resamples = 200, .progress = {}})
          .value();
  ASSERT_EQ(c.pairs.size(), 3U);  // x/y, x/z, y/z
  EXPECT_EQ(c.pairs[0].p_corrected, 1.0);
  EXPECT_EQ(c.pairs[1].p, 2.0 / 201);
  EXPECT_EQ(c.pairs[1].p_corrected, 3 * (2.0 / 201));
  EXPECT_EQ(c.pairs[2].p, 2.0 / 201);
  EXPECT_EQ(c.pairs[2].p_corrected, 3 * (2.0 / 201));  // never below the one before it
  EXPECT_EQ(c.pairs[2].verdict, "z needs 33.3 % fewer tokens");
  // With too few resamples the corrected value cannot fall below alpha.
  const Comparison few =
      Compare(tokenizers, Written(Repeated("aa\n", 30)), {.resamples = 100, .progress = {}})
          .value();
  EXPECT_EQ(few.pairs[1].p_corrected, 3 * (2.0 / 101));
  EXPECT_EQ(few.pairs[1].verdict, "no difference");
}

TEST_F(CompareTest, AnEmptyCorpusTellsNothing) {
  const Comparison c = Compare({{"x", Doubling("")}, {"y", Doubling("a")}}, Written("")).value();
  EXPECT_EQ(c.corpora[0].documents, 0U);
  EXPECT_EQ(c.pairs[0].ratio, 1.0);
  EXPECT_EQ(c.pairs[0].p, 1.0);
  EXPECT_EQ(c.pairs[0].verdict, "no difference");
}

TEST_F(CompareTest, TheSeedDecidesTheResamplesAndThreadsDoNot) {
  const std::vector<Corpus> corpora = Written(Repeated("aa\naab\nbb\nab\n", 40));
  const NamedTokenizers tokenizers = {{"x", Doubling("a")}, {"y", Doubling("b")}};
  const Comparison one = Compare(tokenizers, corpora, {.threads = 1, .progress = {}}).value();
  EXPECT_EQ(Compare(tokenizers, corpora, {.threads = 3, .progress = {}}).value(), one);
  EXPECT_NE(Compare(tokenizers, corpora, {.seed = 1, .threads = 1, .progress = {}}).value(), one);
}

TEST_F(CompareTest, RefusesOptionsOutOfRange) {
  const auto error_of = [&](const NamedTokenizers& tokenizers, const CompareOptions& options) {
    const Status status = Compare(tokenizers, {}, options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(Message(status));
  };
  const Tokenizer t = Doubling("");
  EXPECT_EQ(error_of({{"x", t}}, {}), "compare: 1 tokenizer given, expected two or more");
  EXPECT_EQ(error_of({}, {}), "compare: 0 tokenizers given, expected two or more");
  EXPECT_EQ(error_of({{"x", t}, {"y", t}, {"x", t}}, {}),
            "compare: two tokenizers are named \"x\"; name them NAME=PATH");
  for (const CompareOptions& options :
       {CompareOptions{.alpha = 0, .progress = {}}, CompareOptions{.alpha = 1, .progress = {}},
        CompareOptions{.resamples = 99, .progress = {}}}) {
    EXPECT_EQ(error_of({{"x", t}, {"y", t}}, options),
              "compare: alpha must lie between 0 and 1, and resamples be 100 or more");
  }
}

TEST(ComparisonTest, PrintsItself) {
  Comparison c;
  c.tokenizers = {"x", "y"};
  c.resamples = 100;
  c.corpora = {{.corpus = "en", .documents = 2, .bytes = 8, .tokens = {4, 3}}};
  c.pairs = {{.corpus = "en",
              .a = "x",
              .b = "y",
              .ratio = 1.25,
              .low = 1,
              .high = 1.5,
              .p = 0.5,
              .p_corrected = 0.75,
              .verdict = "no difference"}};
  EXPECT_EQ(c.ToTable(),
            "corpus  tokens of  ratio   interval          p (Holm)  verdict\n"
            "en      x / y      1.2500  [1.0000, 1.5000]  0.7500    no difference\n"
            "\nRatio of token counts on the same documents; 95 % intervals from 100 paired "
            "resamples.\n");
  const nlohmann::json json = nlohmann::json::parse(c.ToJson());
  EXPECT_EQ(json, nlohmann::json::parse(R"({
    "tokenizers": ["x", "y"], "alpha": 0.05, "resamples": 100, "correction": "Holm",
    "corpora": {"en": {"documents": 2, "bytes": 8, "tokens": {"x": 4, "y": 3}, "pairs": [
      {"a": "x", "b": "y", "ratio": 1.25, "ci": [1.0, 1.5], "p": 0.5, "p_corrected": 0.75,
       "verdict": "no difference"}]}}})"));
}

}  // namespace
}  // namespace tokgraft
