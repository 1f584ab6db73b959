// Each scanner against Oniguruma running the same pattern, on random text.
#include "tokenizer/stages/scanners/scan.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tokenizer/stages/regex.h"

namespace tokgraft {
namespace {

constexpr std::string_view kCharacters[] = {
    "a",      "z",      "A",      "Z",       "é",      "À",      "ǅ",      "ʰ",      "ª",
    "中",     "々",     "〇",     "⺀",      "ァ",     "한",     "ก",      "ก้",      "न",
    "0",      "9",      "²",      "Ⅷ",       "٣",      "'",      "’",      "s",      "S",
    "\u017F", "re",     "'LL",    "'\u017F", " ",      "  ",     "\t",     "\n",     "\r\n",
    "\v",     "\u0085", "\u00A0", "\u2028",  "\u3000", "\u200D", "😀",     "\uFE0F", ".",
    "/",      "!",      "。",     "(",       "$",      "\u0301", "\u0903", "\x01",   "\uFFFD",
    "\uE000", "\u0378", "\u1C89", "・",      "\u3040", "゛",     "_",      "--",     "\n\n  ",
};

std::string RandomText(std::mt19937* random) {
  std::uniform_int_distribution<std::size_t> pick(0, std::size(kCharacters) - 1);
  std::string out;
  for (std::size_t left = (*random)() % 24; left > 0; --left) out += kCharacters[pick(*random)];
  return out;
}

struct ScannedRegex {
  std::string_view regex;
  Reference reference;
};

constexpr ScannedRegex kScanned[] = {
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
     Reference::kHuggingFace},
    {R"('(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s)",
     Reference::kTiktoken},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|)"
     R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     Reference::kHuggingFace},
    {R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+|)"
     R"( ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s)",
     Reference::kTiktoken},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|)"
     R"( ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     Reference::kHuggingFace},
    {R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
     R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
     R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     Reference::kHuggingFace},
    {R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|)"
     R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|)"
     R"(\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     Reference::kTekken},
    {R"([\p{Han}]+|)"
     R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*)"
     R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
     R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+)"
     R"([\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|)"
     R"(\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     Reference::kTiktoken},
};

TEST(ScanTest, EveryScannerAgreesWithTheRegexEngine) {
  std::mt19937 random(1);
  for (const ScannedRegex& scanned : kScanned) {
    const auto kind = FindScanner(scanned.regex, scanned.reference);
    ASSERT_TRUE(kind.has_value()) << scanned.regex;
    const auto regex = Regex::Compile(scanned.regex, scanned.reference);
    ASSERT_TRUE(regex.ok()) << regex.status();
    for (int i = 0; i < 2000; ++i) {
      const std::string text = RandomText(&random);
      std::vector<RegexMatch> matches;
      regex->FindAll(text, &matches);
      std::vector<std::string_view> expected;
      for (const RegexMatch& match : matches) {
        expected.push_back(std::string_view(text).substr(match.begin, match.end - match.begin));
      }
      std::vector<std::string_view> pieces;
      Scan(*kind, text, &pieces);
      ASSERT_EQ(pieces, expected) << ScannerName(*kind) << ": \"" << text << "\"";
    }
  }
}

TEST(ScanTest, DeepSeekAgreesWithItsThreeRegexes) {
  constexpr std::string_view kRegexes[] = {
      R"(\p{N}{1,3})", "[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+",
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"
      "[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|"
      "\\s*[\r\n]+|\\s+(?!\\S)|\\s+"};
  ASSERT_TRUE(AreDeepSeekRegexes(kRegexes[0], kRegexes[1], kRegexes[2]));
  std::mt19937 random(3);
  for (int i = 0; i < 300; ++i) {
    const std::string text = RandomText(&random);
    std::vector<std::string_view> expected;
    if (!text.empty()) expected.push_back(text);
    for (const std::string_view pattern : kRegexes) {
      const auto regex = Regex::Compile(pattern, Reference::kHuggingFace);
      ASSERT_TRUE(regex.ok());
      std::vector<std::string_view> next;
      for (const std::string_view piece : expected) {
        std::vector<RegexMatch> matches;
        regex->FindAll(piece, &matches);
        std::size_t gap = 0;
        for (const RegexMatch& match : matches) {
          if (gap != match.begin) next.push_back(piece.substr(gap, match.begin - gap));
          next.push_back(piece.substr(match.begin, match.end - match.begin));
          gap = match.end;
        }
        if (gap != piece.size()) next.push_back(piece.substr(gap));
      }
      expected = next;
    }
    std::vector<std::string_view> pieces;
    ScanDeepSeek(text, &pieces);
    ASSERT_EQ(pieces, expected) << text;
  }
}

TEST(ScanTest, ADialectsOwnSpellingIsNotTakenForTheOthers) {
  EXPECT_FALSE(FindScanner(kScanned[3].regex, Reference::kHuggingFace).has_value());
  EXPECT_TRUE(FindScanner(kScanned[3].regex, Reference::kTekken).has_value());
  EXPECT_FALSE(FindScanner(R"(\s+)", Reference::kHuggingFace).has_value());
}

TEST(ScanTest, AnyBytesAreCoveredWhole) {
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    std::string text;
    for (std::size_t left = random() % 40; left > 0; --left) {
      text.push_back(static_cast<char>(random() % 3 == 0 ? 0x80 + random() % 128 : random() % 128));
    }
    for (int kind = 0; kind <= static_cast<int>(ScannerKind::kLlamaCppQwen2); ++kind) {
      std::vector<std::string_view> pieces;
      Scan(static_cast<ScannerKind>(kind), text, &pieces);
      std::string joined;
      for (const std::string_view piece : pieces) {
        EXPECT_FALSE(piece.empty());
        joined += piece;
      }
      ASSERT_EQ(joined, text);
    }
  }
}

TEST(ScanTest, LongRunsOfOneKindAreLinear) {
  for (const std::string_view unit : {" ", "\n", "a", "A", "中", "1", "^", "\u0301", "\r\n "}) {
    std::string text;
    while (text.size() < (1U << 20)) text += unit;
    std::vector<std::string_view> pieces;
    for (int kind = 0; kind <= static_cast<int>(ScannerKind::kLlamaCppQwen2); ++kind) {
      Scan(static_cast<ScannerKind>(kind), text, &pieces);
    }
    ScanDeepSeek(text, &pieces);
    EXPECT_FALSE(pieces.empty());
  }
}

}  // namespace
}  // namespace tokgraft
