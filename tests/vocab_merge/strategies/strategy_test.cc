#include "vocab_merge/strategies/strategy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/findings.h"
#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

TEST(StrategyTest, ASelectionIsForStrategiesThatSelect) {
  EXPECT_TRUE(CheckNoSelection("swap", {}).ok());
  EXPECT_EQ(Message(CheckNoSelection("swap", {.budget = 3})),
            "strategy: \"swap\" chooses no pieces, a budget was given; leave it out, or use "
            "\"extend\"");
  EXPECT_EQ(Message(CheckNoSelection("union", {.scripts = {"Han"}})),
            "strategy: \"union\" chooses no pieces, scripts was given; leave it out, or use "
            "\"extend\"");
}

TEST(StrategyTest, FindingsOfPiecesStayTheOthersAreMadeAnew) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  // "1a" is cut by the splitter.
  const TokenizerSpec donor = toy::ByteLevel({{"1", "a"}, {"x", "y"}}, /*use_regex=*/false);
  MergeResult result = toy::Merged(base, donor);
  ASSERT_EQ(result.conflicts.counts.at("B3"), 1U);
  const ConflictReport before = result.conflicts;
  ASSERT_TRUE(CheckAgain(base, donor, &result).ok());
  EXPECT_EQ(result.conflicts, before);
  result.id_map.merged_size = result.id_map.base_size;
  ASSERT_TRUE(CheckAgain(base, donor, &result).ok());
  EXPECT_EQ(result.conflicts.counts.at("B3"), 1U);
  EXPECT_EQ(result.conflicts.counts.at("D4"), 0U);
}

TEST(StrategyTest, TheCertificateIsOfTheTextToProtectElseOfTheCorpus) {
  const TokenizerSpec base = toy::ByteLevel({{"a", "b"}});
  MergeResult result = toy::Merged(base, toy::ByteLevel({{"x", "y"}}));
  MergeOptions options;
  options.corpus = {"abc"};
  ASSERT_TRUE(CertifyResult(base, options, &result).ok());
  EXPECT_EQ(result.certificate.checked_bytes, 3U);
  options.protect = {"ab", "xy"};
  ASSERT_TRUE(CertifyResult(base, options, &result).ok());
  EXPECT_EQ(result.certificate.checked_bytes, 4U);
  EXPECT_EQ(result.certificate.level, "L1");
}

}  // namespace
}  // namespace tokgraft
