#include "tokenizer/convert/compare_ids.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/tokenizer/toy_spec.h"

namespace tokgraft {
namespace {

Tokenizer ComparedToy(const std::vector<std::pair<std::string, std::string>>& merges) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}, {"c"}, {"ab"}, {"bc"}}, BpeModel());
  toy::AddMerges(merges, &spec);
  return *Compile(spec);
}

TEST(CompareIdsTest, FindsAShortTextOnWhichIdsDiffer) {
  const Tokenizer a = ComparedToy({{"a", "b"}, {"b", "c"}});
  const IdComparison same = FindDifference(a, a, Search::kPieces);
  EXPECT_FALSE(same.counterexample.has_value());
  EXPECT_GT(same.bytes, 10000U);
  const Tokenizer b = ComparedToy({{"b", "c"}, {"a", "b"}});
  IdComparison found = FindDifference(a, b, Search::kPieces);
  ASSERT_TRUE(found.counterexample.has_value());
  EXPECT_EQ(CompareTexts(a, b, {*found.counterexample}).changed_texts, 1U);
  EXPECT_EQ(found.changed_texts, 1U);
  found = FindDifference(a, b, Search::kPieces, {"ab", "bcababcbcab"});
  EXPECT_EQ(found.counterexample, "abc");
  EXPECT_EQ(found.texts, 2U) << "what is suspected comes first";
}

TEST(CompareIdsTest, CountsTheTextsThatChange) {
  const Tokenizer a = ComparedToy({{"a", "b"}, {"b", "c"}});
  const Tokenizer b = ComparedToy({{"b", "c"}, {"a", "b"}});
  const IdComparison counted = CompareTexts(a, b, {"abc", "ab", "aabcab", "c"});
  EXPECT_EQ(counted.texts, 4U);
  EXPECT_EQ(counted.bytes, 12U);
  EXPECT_EQ(counted.changed_texts, 2U);
  EXPECT_EQ(counted.changed_bytes, 9U);
  EXPECT_EQ(counted.counterexample, "abc");
}

TEST(CompareIdsTest, MixedTextsAreTheSameEveryTime) {
  const Tokenizer a = ComparedToy({{"a", "b"}});
  EXPECT_EQ(MixedTexts(a, 50), MixedTexts(a, 50));
  EXPECT_EQ(MixedTexts(a, 50).size(), 50U);
}

TEST(CompareIdsTest, QuotesWhatCannotBeSeen) {
  EXPECT_EQ(QuotedForMessage("a\"\n\u00E9\u0301\u200B\U0001F600"),
            "\"a\\u{22}\\u{A}\u00E9\\u{301}\\u{200B}\\u{1F600}\"");
  EXPECT_EQ(QuotedForMessage(std::string(100, 'x')), "\"" + std::string(60, 'x') + "\"...");
}

}  // namespace
}  // namespace tokgraft
