// Expectations recorded from tokenizers 0.23.3 (offsets included) and sentencepiece 0.2.3. The full
// sweep over all code points is tests/python/test_normalize_reference.py.
#include "tokenizer/stages/normalize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

using normalizer::UnicodeForm;
using ::testing::HasSubstr;

using Spans = std::vector<std::pair<std::int64_t, std::int64_t>>;

CompiledNormalizer CompileNormalizers(std::vector<Normalizer> stages,
                                      Reference reference = Reference::kHuggingFace,
                                      std::vector<std::string> symbols = {}) {
  TokenizerSpec spec;
  spec.reference = reference;
  spec.normalizers = std::move(stages);
  TokenId id = 0;
  for (const std::string& symbol : symbols) {
    spec.vocab.Add(
        {.id = id++, .bytes = symbol, .spelling = symbol, .kind = PieceKind::kUserDefined});
  }
  auto compiled = CompiledNormalizer::Compile(spec, false);
  EXPECT_TRUE(compiled.ok()) << compiled.status();
  return *std::move(compiled);
}

AlignedText Whole(std::string_view text) {
  AlignedText whole;
  whole.text = std::string(text);
  whole.source = {0, static_cast<std::int64_t>(text.size())};
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
    whole.origin.insert(whole.origin.end(), end - i,
                        {static_cast<std::int64_t>(i), static_cast<std::int64_t>(end)});
    i = end;
  }
  return whole;
}

// The normalized text; checks that both forms agree.
std::string Normalized(const CompiledNormalizer& compiled, std::string_view text) {
  std::string out = "before ";
  compiled.Normalize(text, &out);
  AlignedText aligned = Whole(text);
  compiled.Normalize(&aligned);
  EXPECT_EQ("before " + aligned.text, out);
  EXPECT_EQ(aligned.text.size(), aligned.origin.size());
  return out.substr(7);
}

std::string Normalized(Normalizer stage, std::string_view text) {
  return Normalized(CompileNormalizers({std::move(stage)}), text);
}

// The origins of the characters of the normalized text.
Spans Origins(const CompiledNormalizer& compiled, std::string_view text) {
  AlignedText aligned = Whole(text);
  compiled.Normalize(&aligned);
  Spans spans;
  for (std::size_t i = 0; i < aligned.text.size(); ++i) {
    if ((static_cast<unsigned char>(aligned.text[i]) & 0xC0) == 0x80) continue;
    spans.emplace_back(aligned.origin[i].begin, aligned.origin[i].end);
  }
  return spans;
}

// With a part of sentencepiece's options; the rest are its defaults.
struct SpOptions {
  std::string charsmap = {};
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
  bool treat_whitespace_as_suffix = false;
};
normalizer::SentencePiece SentencePieceWith(const SpOptions& o) {
  return {"test",
          o.charsmap,
          o.add_dummy_prefix,
          o.remove_extra_whitespaces,
          o.escape_whitespaces,
          o.treat_whitespace_as_suffix};
}

// A charsmap whose keys are single bytes.
std::string ByteCharsmap(const std::map<unsigned char, std::string>& rules) {
  std::vector<std::uint32_t> units(512 + 256 * rules.size());
  units[0] = 256u << 10;  // children of the root: 256 ^ byte
  std::string texts;
  std::uint32_t leaf = 512;
  for (const auto& [byte, text] : rules) {
    const std::uint32_t node = 256u ^ byte;
    units[node] = byte | (1u << 8) | ((node ^ leaf) << 10);
    units[leaf] = (1u << 31) | static_cast<std::uint32_t>(texts.size());
    texts += text;
    texts.push_back('\0');
    leaf += 256;
  }
  std::string blob;
  const auto put = [&](std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) blob.push_back(static_cast<char>(value >> shift));
  };
  put(static_cast<std::uint32_t>(units.size() * 4));
  for (const std::uint32_t unit : units) put(unit);
  return blob + texts;
}

TEST(Normalize, NothingIsIdentity) {
  const CompiledNormalizer none = CompileNormalizers({});
  EXPECT_TRUE(none.is_identity());
  EXPECT_EQ(Normalized(none, "a é"), "a é");
  EXPECT_TRUE(CompiledNormalizer().is_identity());
}

TEST(Normalize, UnicodeForms) {
  const auto form = [](UnicodeForm f, std::string_view text) {
    return Normalized(normalizer::Unicode{f}, text);
  };
  EXPECT_EQ(form(UnicodeForm::kNfc, "e\u0323\u0302"), "\u1ec7");
  EXPECT_EQ(form(UnicodeForm::kNfc, "\u212b"), "\u00c5");
  EXPECT_EQ(form(UnicodeForm::kNfc, "\u0344"), "\u0308\u0301");
  EXPECT_EQ(form(UnicodeForm::kNfc, "\u1100\u1161\u11a7"), "\uac00\u11a7");
  EXPECT_EQ(form(UnicodeForm::kNfc, "A\u0378\u0301"), "A\u0378\u0301");
  EXPECT_EQ(form(UnicodeForm::kNfkc, "\u1fbd"), " \u0313");
  EXPECT_EQ(form(UnicodeForm::kNfkc, "\ufb01\uff76\uff9e"), "fi\u30ac");
  EXPECT_EQ(form(UnicodeForm::kNfd, "\uac01"), "\u1100\u1161\u11a8");
  EXPECT_EQ(form(UnicodeForm::kNfd, "\u00c5\u0327"), "A\u0327\u030a");
  EXPECT_EQ(form(UnicodeForm::kNfkd, "\u2460\u212b"), "1A\u030a");
}

TEST(Normalize, UnicodeFormsKnowUnicodeNine) {
  const auto nfc = CompileNormalizers({normalizer::Unicode{UnicodeForm::kNfc}});
  // U+1DF6 is a mark of Unicode 10: here a starter, so nothing moves past it.
  EXPECT_EQ(Normalized(nfc, "a\u1df6\u0301"), "a\u1df6\u0301");
  EXPECT_EQ(Normalized(nfc, "a\u0323\u1df6\u0301"), "\u1ea1\u1df6\u0301");
  EXPECT_EQ(Normalized(normalizer::Unicode{UnicodeForm::kNfkc}, "\u32ff"), "\u32ff");
}

TEST(Normalize, UnicodeFormsFarIntoText) {
  const auto nfc = CompileNormalizers({normalizer::Unicode{UnicodeForm::kNfc}});
  for (const std::size_t length : {1u, 7u, 8u, 9u, 255u, 256u, 257u, 1000u, 5000u}) {
    const std::string plain(length, 'x');
    const std::string marked = plain + "e\u0301" + plain + "\u00e9" + plain;
    EXPECT_EQ(Normalized(nfc, marked), plain + "\u00e9" + plain + "\u00e9" + plain);
  }
}

// ICU's own check moves each mark past all before it.
TEST(Normalize, MarksAreNotQuadratic) {
  std::string marks = "a";
  for (int i = 0; i < 100'000; ++i) marks += "\u0300\u0323";
  std::string out;
  CompileNormalizers({normalizer::Unicode{UnicodeForm::kNfc}}).Normalize(marks, &out);
  EXPECT_EQ(out.substr(0, 7), "\u1ea1\u0323\u0323");
  EXPECT_EQ(out.size(), marks.size() + 3 - 1 - 2);
}

TEST(Normalize, CharacterByCharacter) {
  EXPECT_EQ(Normalized(normalizer::Lowercase{}, "\u0130\u03a3A\u1c89\ua7dc"),
            "i\u0307\u03c3a\u1c8a\u019b");
  EXPECT_EQ(Normalized(normalizer::StripAccents{}, "e\u0301\u0903x\u1df6\u0483"), "ex\u1df6");
  EXPECT_EQ(Normalized(normalizer::Nmt{},
                       "a\x01\tb\u200b\u008f"
                       "c\ufeff"),
            "a b c ");
  EXPECT_EQ(Normalized(normalizer::ByteLevel{}, " \u00e9\n"), "\u0120\u00c3\u00a9\u010a");
}

TEST(Normalize, Bert) {
  EXPECT_EQ(
      Normalized(normalizer::Bert{},
                 std::string("\u00c9t\u00e9\u200b\t\u4e2dx\u0378\U000323b0") + '\0' + "\ufffd"),
      "ete  \u4e2d x\u0378\U000323b0");
  EXPECT_EQ(Normalized(normalizer::Bert{true, true, std::nullopt, false}, "\u00c9"), "\u00c9");
  EXPECT_EQ(Normalized(normalizer::Bert{true, true, false, true}, "\u00c9"), "\u00e9");
}

TEST(Normalize, Strip) {
  constexpr std::string_view kText = "\u3000\x1c a b\u2003\n";
  EXPECT_EQ(Normalized(normalizer::Strip{}, kText), "\x1c a b");
  EXPECT_EQ(Normalized(normalizer::Strip{.left = false}, kText), "\u3000\x1c a b");
  EXPECT_EQ(Normalized(normalizer::Strip{.right = false}, kText), "\x1c a b\u2003\n");
  EXPECT_EQ(Normalized(normalizer::Strip{}, " \n"), "");
}

TEST(Normalize, ReplaceAndPrepend) {
  EXPECT_EQ(Normalized(normalizer::Replace{{" ", false}, "\u2581"}, "a b  c"),
            "a\u2581b\u2581\u2581c");
  EXPECT_EQ(Normalized(normalizer::Replace{{" ", false}, "<space>"}, "a b "), "a<space>b<space>");
  EXPECT_EQ(Normalized(normalizer::Replace{{"aa", false}, "b"}, "aaaaa"), "bba");
  EXPECT_EQ(Normalized(normalizer::Replace{{".", false}, ""}, "a.b."), "ab");
  EXPECT_EQ(Normalized(normalizer::Replace{{"", false}, "X"}, "a\u00e9"), "XaX\u00e9X");
  EXPECT_EQ(Normalized(normalizer::Replace{{"b*", true}, "X"}, "abc bb"), "XaXcX X");
  EXPECT_EQ(Normalized(normalizer::Replace{{"", false}, "X"}, ""), "");
  EXPECT_EQ(Normalized(normalizer::Prepend{"\u2581"}, "a"),
            "\u2581"
            "a");
  EXPECT_EQ(Normalized(normalizer::Prepend{"\u2581"}, ""), "");
}

TEST(Normalize, OriginsOfChangedCharacters) {
  const auto origins = [](Normalizer stage, std::string_view text) {
    return Origins(CompileNormalizers({std::move(stage)}), text);
  };
  // A composed character has the origin of its base, a decomposed one gives it to each part.
  EXPECT_EQ(origins(normalizer::Unicode{UnicodeForm::kNfc}, "e\u0301x"), (Spans{{0, 1}, {3, 4}}));
  EXPECT_EQ(origins(normalizer::Unicode{UnicodeForm::kNfd}, "\u00e9x"),
            (Spans{{0, 2}, {0, 2}, {2, 3}}));
  // A replacement has the origin of the match's last byte.
  EXPECT_EQ(origins(normalizer::Replace{{"ab", false}, "xy"}, "cab"),
            (Spans{{0, 1}, {2, 3}, {2, 3}}));
  EXPECT_EQ(origins(normalizer::Prepend{"\u2581_"}, "\u00e9a"),
            (Spans{{0, 2}, {0, 2}, {0, 2}, {2, 3}}));
  EXPECT_EQ(origins(normalizer::Strip{}, "  a "), (Spans{{2, 3}}));
  EXPECT_EQ(origins(normalizer::Bert{}, "\u4e2d"), (Spans{{0, 3}, {0, 3}, {0, 3}}));
}

TEST(Normalize, PrecompiledLooksAtShortClustersWhole) {
  const normalizer::Precompiled map{ByteCharsmap({{'a', "X"}, {'\t', " "}})};
  EXPECT_EQ(Normalized(map, "ab\t"), "Xb ");
  EXPECT_EQ(Normalized(map, "a\u0301b"), "Xb");  // 3 bytes: one cluster
  EXPECT_EQ(Normalized(map, "a\u0301\u0301\u0301"),
            "X\u0301\u0301\u0301");  // 7 bytes: by character
  EXPECT_EQ(Origins(CompileNormalizers({map}), "a\u0301b"), (Spans{{0, 1}, {3, 4}}));
}

TEST(Normalize, PrecompiledRefusesBrokenMaps) {
  const auto status = [](std::string map) {
    TokenizerSpec spec;
    spec.normalizers = {normalizer::Precompiled{std::move(map)}};
    return CompiledNormalizer::Compile(spec, false).status();
  };
  const std::string good = ByteCharsmap({{'a', "X"}});
  EXPECT_TRUE(status(good).ok());
  EXPECT_EQ(status("abc").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status(good.substr(0, 100)).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status(good + "\xff").code(), absl::StatusCode::kInvalidArgument);
}

// Every unit points anywhere: lookups stay inside.
TEST(Normalize, CharsmapOfGarbageIsBounded) {
  std::string map = ByteCharsmap({{'a', "X"}});
  std::uint32_t state = 1;
  for (std::size_t i = 4; i < map.size() - 2; ++i) {
    state = state * 1664525u + 1013904223u;
    map[i] = static_cast<char>(state >> 24);
  }
  const auto hf = CompileNormalizers({normalizer::Precompiled{map}});
  const auto sp =
      CompileNormalizers({SentencePieceWith({.charsmap = map})}, Reference::kSentencePiece);
  for (char32_t c = 1; c < 0x800; ++c) {
    const std::string text = c < 0x80 ? std::string(1, static_cast<char>(c))
                                      : std::string{static_cast<char>(0xC0 | (c >> 6)),
                                                    static_cast<char>(0x80 | (c & 0x3F))};
    Normalized(hf, text);
    Normalized(sp, text);
  }
}

TEST(Normalize, SentencePieceSpaces) {
  const auto sp = [](const SpOptions& options, std::string_view text) {
    return Normalized(CompileNormalizers({SentencePieceWith(options)}, Reference::kSentencePiece),
                      text);
  };
  EXPECT_EQ(sp({}, "  a   b "),
            "\u2581"
            "a\u2581"
            "b");
  EXPECT_EQ(sp({}, "   "), "");
  EXPECT_EQ(sp({}, ""), "");
  EXPECT_EQ(sp({.remove_extra_whitespaces = false}, " a "),
            "\u2581\u2581"
            "a\u2581");
  EXPECT_EQ(sp({.add_dummy_prefix = false}, " a"), "a");
  EXPECT_EQ(sp({.escape_whitespaces = false}, "a  b"), " a b");
  EXPECT_EQ(sp({.treat_whitespace_as_suffix = true}, "a b"),
            "a\u2581"
            "b\u2581");
  EXPECT_EQ(sp({.charsmap = ByteCharsmap({{'\t', " "}, {'A', "a "}, {'z', ""}})}, "\tA\tbz c"),
            "\u2581"
            "a\u2581"
            "b\u2581"
            "c");
}

TEST(Normalize, SentencePieceKeepsUserDefinedSymbols) {
  const normalizer::SentencePiece options =
      SentencePieceWith({.charsmap = ByteCharsmap({{'A', "a"}})});
  const auto compiled = CompileNormalizers({options}, Reference::kSentencePiece, {"<A>", "<A"});
  EXPECT_EQ(Normalized(compiled, "A<A>A<AA"),
            "\u2581"
            "a<A>a<Aa");
}

// Byte i of the output covers [at[i], at[i + 1]) of the input: the last byte of a character all of
// it, the bytes before nothing, the dummy prefix nothing.
TEST(Normalize, SentencePieceOrigins) {
  const auto compiled =
      CompileNormalizers({normalizer::SentencePiece{}}, Reference::kSentencePiece);
  AlignedText text = Whole(" \u00e9  x ");
  compiled.Normalize(&text);
  EXPECT_EQ(text.text, "\u2581\u00e9\u2581x");
  const std::vector<Span> expected = {{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 3},
                                      {3, 3}, {3, 3}, {3, 5}, {5, 6}};
  EXPECT_EQ(text.origin, expected);
}

TEST(Normalize, LlamaCppOnlyPrefixesAndEscapes) {
  const auto compiled = CompileNormalizers({normalizer::SentencePiece{}}, Reference::kLlamaCpp);
  EXPECT_EQ(Normalized(compiled, " a  b "),
            "\u2581\u2581"
            "a\u2581\u2581"
            "b\u2581");
  EXPECT_EQ(Normalized(compiled, ""), "");
}

TEST(Normalize, StepsRunInOrder) {
  const auto compiled = CompileNormalizers(
      {normalizer::Unicode{UnicodeForm::kNfkd}, normalizer::StripAccents{}, normalizer::Lowercase{},
       normalizer::Prepend{"\u2581"}, normalizer::Replace{{" ", false}, "\u2581"}});
  EXPECT_EQ(Normalized(compiled, "\u00c9t\u00e9 \ufb01"),
            "\u2581"
            "ete\u2581"
            "fi");
}

TEST(Normalize, TrailingByteLevelIsTheCallersOwn) {
  TokenizerSpec spec;
  spec.normalizers = {normalizer::Lowercase{}, normalizer::ByteLevel{}};
  std::string out;
  CompiledNormalizer::Compile(spec, true)->Normalize("A b", &out);
  EXPECT_EQ(out, "a b");
}

TEST(Normalize, UnknownStageIsRefusedByName) {
  TokenizerSpec spec;
  spec.normalizers = {normalizer::Lowercase{}, UnknownStage{"Transliterate", "{}"}};
  const Status status = CompiledNormalizer::Compile(spec, false).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("normalizer[1]"));
  EXPECT_THAT(std::string(Message(status)), HasSubstr("Transliterate"));
}

}  // namespace
}  // namespace tokgraft
