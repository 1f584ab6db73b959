// The report for people: what is worth a sentence, in which order, and the exact table and JSON.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tokenizer/efficiency.h"

namespace tokgraft {
namespace {

using testing::ElementsAre;

CorpusEfficiency HundredTokens() {
  CorpusEfficiency c;
  c.name = "zh";
  c.documents = 1;
  c.bytes = 1200;
  c.characters = 400;
  c.words = 50;
  c.tokens = 100;
  return c;
}

ClassEfficiency& ClassIn(CorpusEfficiency* c, CharacterClass which) {
  return c->classes[static_cast<std::size_t>(which)];
}

TEST(EfficiencyReportTest, NothingWrongIsSaid) {
  EXPECT_THAT(HundredTokens().Diagnosis(),
              ElementsAre("good: nothing is spelled out character by character"));
  EXPECT_THAT(CorpusEfficiency().Diagnosis(), ElementsAre("the corpus is empty"));
}

TEST(EfficiencyReportTest, AClassIsNamedFromTwentyCharactersAndHalfAPercent) {
  CorpusEfficiency c = HundredTokens();
  ClassIn(&c, CharacterClass::kHan) = {.characters = 20, .tokens = 42};
  EXPECT_THAT(c.Diagnosis(), ElementsAre("han: 2.1 tokens a character (costs tokens)"));
  c.characters = 4000;  // exactly half a percent
  EXPECT_EQ(c.Diagnosis()[0], "han: 2.1 tokens a character (costs tokens)");
  c.characters = 4001;
  EXPECT_EQ(c.Diagnosis()[0], "good: nothing is spelled out character by character");
  c.characters = 400;
  ClassIn(&c, CharacterClass::kHan).characters = 19;
  EXPECT_EQ(c.Diagnosis()[0], "good: nothing is spelled out character by character");
}

TEST(EfficiencyReportTest, CharactersThatStandAloneAreNamedFromOneHalf) {
  CorpusEfficiency c = HundredTokens();
  ClassIn(&c, CharacterClass::kDigits) = {
      .characters = 40, .tokens = 30, .single_character_tokens = 20};
  EXPECT_THAT(c.Diagnosis(),
              ElementsAre("digits: 50 % stand alone, one token each (costs tokens)"));
  ClassIn(&c, CharacterClass::kDigits).single_character_tokens = 19;
  EXPECT_EQ(c.Diagnosis()[0], "good: nothing is spelled out character by character");
}

TEST(EfficiencyReportTest, LostTextComesFirstThenWhatCostsMost) {
  CorpusEfficiency c = HundredTokens();
  c.unknown_tokens = 5;
  c.byte_fallback_tokens = 40;
  ClassIn(&c, CharacterClass::kHan) = {.characters = 20, .tokens = 60};
  c.invalid_utf8 = 40;  // one in ten characters is still text
  EXPECT_THAT(c.Diagnosis(), ElementsAre("5.0 % of the tokens are unknown: that text is lost",
                                         "han: 3.0 tokens a character (costs tokens)",
                                         "40 % of the tokens are single bytes (costs tokens)",
                                         "40 byte sequences are not UTF-8"));
  c.invalid_utf8 = 41;
  EXPECT_EQ(c.Diagnosis()[0],
            "41 byte sequences are not UTF-8: this does not look like plain text");
  c.invalid_utf8 = 1;
  EXPECT_EQ(c.Diagnosis().back(), "1 byte sequence is not UTF-8");
}

EfficiencyReport OneCorpus() {
  EfficiencyReport report;
  report.tokenizer = "toy";
  report.vocab_size = 1234;
  report.corpora = {HundredTokens()};
  report.corpora[0].distinct_ids = 617;
  report.corpora[0].vocabulary_used = 0.5;
  return report;
}

TEST(EfficiencyReportTest, TheTableAligns) {
  EXPECT_EQ(OneCorpus().ToTable(),
            "toy: 1,234 ids; a document is one line\n\n"
            "corpus  documents  bytes  characters  words  tokens  bytes/token  chars/token  "
            "tokens/word  ids used  unknown  byte-fallback\n"
            "zh              1  1,200         400     50     100       12.000        4.000  "
            "      2.000      50 %      0 %            0 %\n"
            "\nzh\n  good: nothing is spelled out character by character\n");
}

TEST(EfficiencyReportTest, JsonHasTheKeysOfTheContract) {
  EfficiencyReport report = OneCorpus();
  report.tokenizer = "\xFF";  // a path need not be UTF-8
  ClassIn(&report.corpora[0], CharacterClass::kLatin) = {
      .characters = 400, .tokens = 99.5, .single_character_tokens = 3};
  const nlohmann::json json = nlohmann::json::parse(report.ToJson());
  EXPECT_EQ(json["tokenizer"], "\xEF\xBF\xBD");
  EXPECT_EQ(json["vocabulary"], 1234);
  EXPECT_EQ(json["documents"], "line");
  const nlohmann::json& c = json["corpora"]["zh"];
  EXPECT_EQ(c["documents"], 1);
  EXPECT_EQ(c["bytes"], 1200);
  EXPECT_EQ(c["characters"], 400);
  EXPECT_EQ(c["words"], 50);
  EXPECT_EQ(c["tokens"], 100);
  EXPECT_EQ(c["bytes_per_token"], 12.0);
  EXPECT_EQ(c["characters_per_token"], 4.0);
  EXPECT_EQ(c["tokens_per_word"], 2.0);
  EXPECT_EQ(c["unknown_rate"], 0.0);
  EXPECT_EQ(c["byte_fallback_rate"], 0.0);
  EXPECT_EQ(c["vocabulary_used"], 0.5);
  EXPECT_EQ(c["distinct_ids"], 617);
  EXPECT_EQ(c["classes"].size(), kCharacterClasses);
  EXPECT_EQ(
      c["classes"]["latin"],
      nlohmann::json::parse(R"({"characters":400,"tokens":99.5,"single_character_tokens":3})"));
}

}  // namespace
}  // namespace tokgraft
