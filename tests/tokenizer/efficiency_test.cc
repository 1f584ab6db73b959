// Measuring counts documents, bytes, characters, words and tokens exactly, and shares a token out
// among the classes of the characters that it touches.
#include "tokenizer/efficiency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

constexpr std::size_t IndexOf(CharacterClass c) { return static_cast<std::size_t>(c); }

// a, b, a space, " a", and the three bytes of 你; anything else is unknown.
Tokenizer MeterTokenizer() {
  TokenizerSpec spec;
  spec.source = "meter";
  const std::vector<std::pair<std::string, PieceKind>> pieces = {
      {"<unk>", PieceKind::kUnknown}, {"a", PieceKind::kNormal},   {"b", PieceKind::kNormal},
      {" ", PieceKind::kNormal},      {" a", PieceKind::kNormal},  {"<0xE4>", PieceKind::kByte},
      {"<0xBD>", PieceKind::kByte},   {"<0xA0>", PieceKind::kByte}};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto& [spelling, kind] = pieces[i];
    std::string bytes = spelling;
    if (kind == PieceKind::kByte) {
      bytes.assign(1, static_cast<char>(std::stoi(spelling.substr(3, 2), nullptr, 16)));
    }
    spec.vocab.Add(
        {.id = static_cast<TokenId>(i), .bytes = bytes, .spelling = spelling, .kind = kind});
  }
  BpeModel model;
  model.merges = {{3, 1, 4}};
  model.unk = 0;
  model.has_unk = true;
  model.unk_spelling = "<unk>";
  model.byte_fallback = true;
  spec.model = model;
  return Compile(spec).value();
}

TEST(EfficiencyTest, CountsByHand) {
  // a | " a" | b, then three bytes of 你 and an unknown c.
  const CorpusEfficiency c = MeasureDocuments(MeterTokenizer(), "c", {"a ab", "你c"});
  EXPECT_EQ(c.name, "c");
  EXPECT_EQ(c.documents, 2U);
  EXPECT_EQ(c.bytes, 8U);
  EXPECT_EQ(c.characters, 6U);
  EXPECT_EQ(c.words, 4U);
  EXPECT_EQ(c.tokens, 7U);
  EXPECT_EQ(c.unknown_tokens, 1U);
  EXPECT_EQ(c.byte_fallback_tokens, 3U);
  EXPECT_EQ(c.invalid_utf8, 0U);
  EXPECT_EQ(c.distinct_ids, 7U);  // all but the space
  EXPECT_EQ(c.vocabulary_used, 7.0 / 8);
  EXPECT_EQ(c.classes[IndexOf(CharacterClass::kLatin)],
            (ClassEfficiency{.characters = 4, .tokens = 3.5, .single_character_tokens = 2}));
  EXPECT_EQ(c.classes[IndexOf(CharacterClass::kSpaces)],
            (ClassEfficiency{.characters = 1, .tokens = 0.5, .single_character_tokens = 0}));
  EXPECT_EQ(c.classes[IndexOf(CharacterClass::kHan)],
            (ClassEfficiency{.characters = 1, .tokens = 3, .single_character_tokens = 0}));
}

TEST(EfficiencyTest, AnEmptyCorpusDividesByNothing) {
  for (const std::vector<std::string_view>& documents :
       {std::vector<std::string_view>{}, std::vector<std::string_view>{""}}) {
    const CorpusEfficiency c = MeasureDocuments(MeterTokenizer(), "none", documents);
    EXPECT_EQ(c.documents, documents.size());
    EXPECT_EQ(c.tokens, 0U);
    EXPECT_EQ(c.bytes_per_token(), 0);
    EXPECT_EQ(c.characters_per_token(), 0);
    EXPECT_EQ(c.tokens_per_word(), 0);
    EXPECT_EQ(c.unknown_rate(), 0);
    EXPECT_EQ(c.byte_fallback_rate(), 0);
    EXPECT_EQ(c.vocabulary_used, 0);
  }
}

TEST(EfficiencyTest, ABadSubsequenceIsOneCharacter) {
  // E4 BD is the start of a character, FF can be none.
  const CorpusEfficiency c = MeasureDocuments(MeterTokenizer(), "c", {"a\xE4\xBD", "\xFF"});
  EXPECT_EQ(c.bytes, 4U);
  EXPECT_EQ(c.characters, 3U);
  EXPECT_EQ(c.invalid_utf8, 2U);
  EXPECT_EQ(c.unknown_tokens, 2U);
  EXPECT_EQ(c.classes[IndexOf(CharacterClass::kSymbols)],
            (ClassEfficiency{.characters = 2, .tokens = 2, .single_character_tokens = 0}));
}

TEST(EfficiencyTest, ThreadsDoNotChangeTheReport) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < 300; ++i)
    texts.push_back(std::string(i % 7, 'a') + " a你 b" + " ab"[i % 3]);
  const std::vector<std::string_view> documents(texts.begin(), texts.end());
  const CorpusEfficiency one =
      MeasureDocuments(MeterTokenizer(), "c", documents, {.threads = 1, .progress = {}});
  EXPECT_EQ(one.documents, 300U);
  EXPECT_EQ(MeasureDocuments(MeterTokenizer(), "c", documents, {.threads = 4, .progress = {}}),
            one);
}

TEST(EfficiencyTest, MeasuresFilesAsTheirDocuments) {
  const std::string path = testing::TempDir() + "efficiency_corpus.txt";
  std::ofstream(path, std::ios::binary) << "a\nb";
  std::vector<std::pair<std::string, double>> progress;
  MeasureOptions options;
  options.progress = [&](std::string_view corpus, double fraction) {
    progress.emplace_back(corpus, fraction);
  };
  const StatusOr<EfficiencyReport> report =
      Measure(MeterTokenizer(), {{.name = "en", .path = path}}, options);
  std::remove(path.c_str());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->tokenizer, "meter");
  EXPECT_EQ(report->vocab_size, 8U);
  ASSERT_EQ(report->corpora.size(), 1U);
  EXPECT_EQ(report->corpora[0], MeasureDocuments(MeterTokenizer(), "en", {"a\n", "b"}));
  EXPECT_EQ(progress, (std::vector<std::pair<std::string, double>>{{"en", 1.0}}));
  const Status missing = Measure(MeterTokenizer(), {{.name = "en", .path = path}}).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(missing), path + ": no such file; check the path");
}

TEST(EfficiencyTest, EveryCharacterHasOneClass) {
  const std::vector<std::pair<char32_t, CharacterClass>> cases = {
      {'7', CharacterClass::kDigits},         {U'½', CharacterClass::kDigits},
      {U'〇', CharacterClass::kDigits},  // a letter number, though of script Han
      {' ', CharacterClass::kSpaces},         {'\n', CharacterClass::kSpaces},
      {0x85, CharacterClass::kSpaces},        {0x3000, CharacterClass::kSpaces},
      {',', CharacterClass::kPunctuation},    {U'。', CharacterClass::kPunctuation},
      {U'你', CharacterClass::kHan},          {0x20000, CharacterClass::kHan},
      {U'の', CharacterClass::kKana},         {U'ー', CharacterClass::kKana},
      {U'한', CharacterClass::kHangul},       {U'é', CharacterClass::kLatin},
      {U'ж', CharacterClass::kCyrillic},      {U'α', CharacterClass::kOtherLetters},
      {0x301, CharacterClass::kOtherLetters},  // a mark
      {'$', CharacterClass::kSymbols},        {0, CharacterClass::kSymbols},
      {0x200D, CharacterClass::kSymbols},     {0xFFFD, CharacterClass::kSymbols},
      {0x10FFFF, CharacterClass::kSymbols}};
  for (const auto& [character, expected] : cases) {
    EXPECT_EQ(CharacterClassName(ClassOf(character)), CharacterClassName(expected))
        << std::hex << static_cast<unsigned>(character);
  }
}

}  // namespace
}  // namespace tokgraft
