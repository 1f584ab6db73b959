// The rules of UAX #29, one by one; examples after GraphemeBreakTest.txt.
#include "tokenizer/text/grapheme.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

TEST(GraphemeTest, ClustersEndWhereTheRulesSay) {
  // First the cluster, then what follows it.
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a", ""},
      {"a", "b"},
      {"\r\n", "a"},  // GB3
      {"\n", "\r"},   // GB4, GB5
      {"\r", "\u0300"},
      {"a\u0300\u0301", "b"},                        // GB9: marks
      {"\u0300", "a"},                               // a mark at the start stands alone
      {"a\u200D", "b"},                              // GB9: ZWJ
      {"क\u0903", "क"},                              // GB9a: a spacing mark
      {"\u0600a", "b"},                              // GB9b: prepend
      {"\u0600", "\n"},                              // but not before a control
      {"क\u094Dक", "क"},                             // GB9c: a conjunct over a linker
      {"क\u200D", "क"},                              // no linker, no conjunct
      {"क\u094D\u200Dक", "a"},                       // the linker may have a ZWJ behind
      {"\U0001F469\u200D\U0001F467", "\U0001F467"},  // GB11: family
      {"\U0001F469\u0308\u200D\U0001F467", ""},
      {"a\u200D", "\U0001F467"},                 // no pictograph before the ZWJ
      {"\U0001F469\u200D\u200D", "\U0001F467"},  // one ZWJ only
      {"각\u11A8", "가"},                        // GB8: LVT T | LV
      {"ᄀ각", "ᄀ"},                           // GB6, GB7
      {"가ᅡ", "a"},
      {"각", "ᅡ"},  // LVT takes no vowel
  };
  for (const auto& [cluster, rest] : cases) {
    EXPECT_EQ(GraphemeLength(cluster + rest), cluster.size()) << cluster << "|" << rest;
  }
}

TEST(GraphemeTest, ALongRunOfMarksIsOneCluster) {
  std::string text = "a";
  for (int i = 0; i < 5000; ++i) text += "\u0300";
  EXPECT_EQ(GraphemeLength(text + "b"), text.size());
}

}  // namespace
}  // namespace tokgraft
