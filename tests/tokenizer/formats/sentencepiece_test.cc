#include "tokenizer/formats/sentencepiece.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tokgraft {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// A writer of the wire format, so that each byte of a test model is in sight.
std::string SpVarint(std::uint64_t value) {
  std::string out;
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  return out + static_cast<char>(value);
}
std::string SpNumber(std::uint32_t field, std::uint64_t value) {
  return SpVarint(field << 3) + SpVarint(value);
}
std::string SpBytes(std::uint32_t field, std::string_view bytes) {
  return SpVarint((field << 3) | 2) + SpVarint(bytes.size()) + std::string(bytes);
}
std::string SpPiece(std::string_view text, float score = 0, int type = 1) {
  std::string out = SpBytes(1, text) + SpVarint((2 << 3) | 5);
  for (int shift = 0; shift < 32; shift += 8) {
    out += static_cast<char>(std::bit_cast<std::uint32_t>(score) >> shift);
  }
  if (type != 1) out += SpNumber(3, static_cast<std::uint64_t>(type));
  return SpBytes(1, out);
}
constexpr int kSpUnknown = 2;
constexpr int kSpControl = 3;
constexpr int kSpUserDefined = 4;
constexpr int kSpUnused = 5;
constexpr int kSpByte = 6;

std::string SpSpecials() {
  return SpPiece("<unk>", 0, kSpUnknown) + SpPiece("<s>", 0, kSpControl) +
         SpPiece("</s>", 0, kSpControl);
}
std::string SpAllBytes() {
  std::string out;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    const std::string text =
        Cat("<0x", "0123456789ABCDEF"[byte >> 4], "0123456789ABCDEF"[byte & 15], ">");
    out += SpPiece(text, 0, kSpByte);
  }
  return out;
}
std::string SpBpe(std::string_view trainer = "") {
  return SpBytes(2, SpNumber(3, 2) + std::string(trainer));
}
const std::string kSpByteFallback = SpNumber(35, 1);

std::string SpErrorOf(std::string_view bytes) {
  const StatusOr<TokenizerSpec> spec = ReadSentencePiece(bytes, "m.model");
  return spec.ok() ? "" : std::string(Message(spec.status()));
}
TokenizerSpec SpSpecOf(std::string_view bytes) {
  StatusOr<TokenizerSpec> spec = ReadSentencePiece(bytes, "m.model");
  EXPECT_TRUE(spec.ok()) << spec.status();
  return spec.ok() ? *std::move(spec) : TokenizerSpec();
}

TEST(SentencePieceFormatTest, ReadsBpeWithEveryKindOfPiece) {
  const std::string model = SpSpecials() + SpAllBytes() + SpPiece("▁a", -1) + SpPiece("a", -2) +
                            SpPiece("▁<x>", 0, kSpUserDefined) + SpPiece("b▁", -3, kSpUnused) +
                            SpBpe(kSpByteFallback);
  ASSERT_TRUE(LooksLikeSentencePiece(model));
  const TokenizerSpec spec = SpSpecOf(model);
  EXPECT_EQ(spec.format, Format::kSentencePiece);
  EXPECT_EQ(spec.reference, Reference::kSentencePiece);
  EXPECT_EQ(spec.spelling, Spelling::kMetaspace);
  ASSERT_EQ(spec.vocab.size(), 263U);
  EXPECT_EQ(spec.vocab.entry(0).kind, PieceKind::kUnknown);
  EXPECT_EQ(spec.vocab.entry(1).kind, PieceKind::kControl);
  EXPECT_EQ(spec.vocab.entry(3 + 0x41).bytes, "A");
  EXPECT_EQ(spec.vocab.entry(3 + 0x41).kind, PieceKind::kByte);
  EXPECT_EQ(spec.vocab.entry(259).bytes, " a");
  EXPECT_EQ(spec.vocab.entry(259).spelling, "▁a");
  EXPECT_EQ(spec.vocab.entry(259).score, -1.0);
  EXPECT_EQ(spec.vocab.entry(261).kind, PieceKind::kUserDefined);
  EXPECT_EQ(spec.vocab.entry(261).bytes, " <x>");
  EXPECT_EQ(spec.vocab.entry(262).kind, PieceKind::kUnused);
  const auto& bpe = std::get<BpeModel>(spec.model);
  EXPECT_EQ(bpe.order, BpeModel::Order::kScore);
  EXPECT_EQ(bpe.unk, TokenId{0});
  EXPECT_TRUE(bpe.byte_fallback);
  EXPECT_TRUE(bpe.fuse_unk);
  EXPECT_EQ(spec.roles.unk, TokenId{0});
  EXPECT_EQ(spec.roles.bos, TokenId{1});
  EXPECT_EQ(spec.roles.eos, TokenId{2});
  EXPECT_EQ(spec.roles.pad, std::nullopt);
  EXPECT_TRUE(spec.add_bos);
  EXPECT_FALSE(spec.add_eos);
  EXPECT_TRUE(spec.added_tokens.empty());
}

TEST(SentencePieceFormatTest, ReadsNormalizersWithTheirDefaults) {
  const std::string pieces = SpSpecials() + SpPiece("a", -1);
  const TokenizerSpec plain = SpSpecOf(pieces);
  const auto& defaults = std::get<normalizer::SentencePiece>(plain.normalizers.at(0));
  EXPECT_TRUE(defaults.add_dummy_prefix);
  EXPECT_TRUE(defaults.remove_extra_whitespaces);
  EXPECT_TRUE(defaults.escape_whitespaces);
  EXPECT_FALSE(defaults.treat_whitespace_as_suffix);
  EXPECT_TRUE(std::holds_alternative<UnigramModel>(plain.model));
  const auto& decoder = std::get<decoder::SentencePiece>(plain.decoders.value().at(0));
  EXPECT_EQ(decoder.unk_surface, " \u2047 ");
  EXPECT_FALSE(decoder.denormalizer.has_value());

  const TokenizerSpec set =
      SpSpecOf(pieces + SpBytes(2, SpNumber(24, 1) + SpBytes(44, "?") + SpBytes(46, "")) +
               SpBytes(3, SpBytes(1, "x") + SpBytes(2, "map") + SpNumber(3, 0)) +
               SpBytes(3, SpNumber(4, 0) + SpNumber(5, 0)) +  // given twice: merged
               SpBytes(5, SpBytes(2, "back") + SpNumber(3, 0)));
  const auto& flags = std::get<normalizer::SentencePiece>(set.normalizers.at(0));
  EXPECT_EQ(flags.name, "x");
  EXPECT_EQ(flags.charsmap, "map");
  EXPECT_FALSE(flags.add_dummy_prefix);
  EXPECT_FALSE(flags.remove_extra_whitespaces);
  EXPECT_FALSE(flags.escape_whitespaces);
  EXPECT_TRUE(flags.treat_whitespace_as_suffix);
  const auto& back = std::get<decoder::SentencePiece>(set.decoders.value().at(0));
  EXPECT_EQ(back.unk_surface, "?");
  ASSERT_TRUE(back.denormalizer.has_value());
  EXPECT_EQ(back.denormalizer->charsmap, "back");
  EXPECT_FALSE(back.denormalizer->add_dummy_prefix);
  EXPECT_EQ(set.roles.bos, TokenId{1});  // an empty name means the default
}

TEST(SentencePieceFormatTest, TakesRolesByName) {
  const TokenizerSpec spec = SpSpecOf(SpPiece("<unk>", 0, kSpUnknown) + SpPiece("<s>", -1) +
                                      SpPiece("[E]", 0, kSpControl) +
                                      SpPiece("<pad>", 0, kSpControl) + SpBpe(SpBytes(47, "[E]")));
  EXPECT_EQ(spec.roles.bos, std::nullopt);  // "<s>" is ordinary text here
  EXPECT_EQ(spec.roles.eos, TokenId{2});
  EXPECT_EQ(spec.roles.pad, TokenId{3});
  EXPECT_FALSE(spec.add_bos);
}

TEST(SentencePieceFormatTest, KeepsWordAndCharModelsUnrun) {
  const std::string pieces = SpSpecials() + SpPiece("a");
  EXPECT_EQ(std::get<UnknownStage>(SpSpecOf(pieces + SpBytes(2, SpNumber(3, 3))).model).type,
            "sentencepiece WORD");
  EXPECT_EQ(std::get<UnknownStage>(SpSpecOf(pieces + SpBytes(2, SpNumber(3, 4))).model).type,
            "sentencepiece CHAR");
  // Not a value of the enum: as if it were absent, which means Unigram.
  EXPECT_TRUE(
      std::holds_alternative<UnigramModel>(SpSpecOf(pieces + SpBytes(2, SpNumber(3, 9))).model));
}

TEST(SentencePieceFormatTest, RefusesWhatTheReferenceRefuses) {
  const std::string bpe = SpBpe();
  EXPECT_EQ(SpErrorOf(SpSpecials() + SpPiece("a") + SpPiece("a") + bpe),
            "m.model: pieces[4]: the piece \"a\" is already defined at pieces[3], expected each "
            "piece once");
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpPiece("<s>") + bpe), HasSubstr("already defined"));
  EXPECT_EQ(SpErrorOf(SpSpecials() + SpPiece("<s>", -1)), "");  // Unigram keeps them apart
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpPiece("") + bpe), HasSubstr("pieces[3]: an empty piece"));
  EXPECT_THAT(SpErrorOf(SpPiece("a") + bpe), HasSubstr("no piece of type UNKNOWN"));
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpPiece("u", 0, kSpUnknown) + bpe),
              HasSubstr("a second piece of type UNKNOWN after pieces[0]"));
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpPiece(std::string_view("a\0", 2)) + bpe),
              HasSubstr("U+0000"));
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpPiece(std::string(8000, 'a')) + bpe),
              HasSubstr("a piece of 8000 bytes"));
  EXPECT_EQ(SpErrorOf(SpSpecials() + SpPiece(std::string(7999, 'a')) + bpe), "");
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpPiece("<0x41>", 0, kSpByte) + bpe),
              HasSubstr("without byte_fallback"));
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpPiece("<0x41>", 0, kSpByte) + SpBpe(kSpByteFallback)),
              HasSubstr("byte 0 has no piece"));
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpPiece("<0x4a>", 0, kSpByte) + SpBpe(kSpByteFallback)),
              HasSubstr("expected <0x00> to <0xFF>"));
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpPiece("a", std::nanf(""))), HasSubstr("not finite"));
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpPiece("a", -std::numeric_limits<float>::infinity())),
              HasSubstr("not finite"));
  EXPECT_THAT(SpErrorOf(SpBpe()), HasSubstr("without pieces"));
}

TEST(SentencePieceFormatTest, NeedsNoUnknownPieceWithByteFallback) {
  const TokenizerSpec spec = SpSpecOf(SpAllBytes() + SpPiece("a") + SpBpe(kSpByteFallback));
  EXPECT_EQ(std::get<BpeModel>(spec.model).unk, std::nullopt);
  EXPECT_FALSE(std::get<BpeModel>(spec.model).has_unk);
}

TEST(SentencePieceFormatTest, TakesARawNulBesideByteFallbackAsUnused) {
  const std::string nul = SpPiece(std::string_view("\0", 1), -1);
  const TokenizerSpec spec = SpSpecOf(SpSpecials() + SpAllBytes() + nul + SpBpe(kSpByteFallback));
  EXPECT_EQ(spec.vocab.entry(259).kind, PieceKind::kUnused);
  EXPECT_THAT(SpErrorOf(SpSpecials() + nul + SpBpe()), HasSubstr("U+0000"));
}

TEST(SentencePieceFormatTest, ErrorsOnEveryTruncation) {
  const std::string model = SpSpecials() + SpPiece("▁hello", -1) + SpPiece("x", -2) +
                            SpBytes(3, SpBytes(2, "map") + SpNumber(3, 1)) + SpBpe();
  ASSERT_EQ(SpErrorOf(model), "");
  for (std::size_t size = 0; size < model.size(); ++size) {
    const StatusOr<TokenizerSpec> spec = ReadSentencePiece(model.substr(0, size), "m.model");
    if (spec.ok()) continue;  // cut between two whole fields
    EXPECT_THAT(std::string(Message(spec.status())), StartsWith("m.model: ")) << size;
  }
  EXPECT_THAT(SpErrorOf(model.substr(0, 5)), StartsWith("m.model: byte 2: a field of "));
  EXPECT_EQ(ReadSentencePiece(model.substr(0, 5), "m").status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(SentencePieceFormatTest, SurvivesAnyChangedByte) {
  const std::string model = SpSpecials() + SpPiece("▁hello", -1) +
                            SpBytes(3, SpBytes(2, "map") + SpNumber(3, 1)) + SpBpe();
  for (std::size_t i = 0; i < model.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = model;
      changed[i] = static_cast<char>(value);
      const StatusOr<TokenizerSpec> spec = ReadSentencePiece(changed, "m.model");
      if (!spec.ok()) {
        EXPECT_THAT(std::string(Message(spec.status())), StartsWith("m.model: "));
      }
      LooksLikeSentencePiece(changed);
    }
  }
}

TEST(SentencePieceFormatTest, SkipsUnknownFieldsAndGroups) {
  const std::string group = SpVarint((9 << 3) | 3) + SpNumber(1, 7) + SpVarint((9 << 3) | 4);
  const std::string fixed = SpVarint((300 << 3) | 1) + "12345678";
  EXPECT_EQ(SpErrorOf(SpSpecials() + SpPiece("a") + group + fixed + SpBpe()), "");
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpVarint((9 << 3) | 3)), HasSubstr("a group"));
  EXPECT_THAT(SpErrorOf(SpSpecials() + SpVarint((9 << 3) | 4)), HasSubstr("not open"));
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += SpVarint((9 << 3) | 3);
  EXPECT_THAT(SpErrorOf(SpSpecials() + deep), HasSubstr("nested over 100 deep"));
  EXPECT_THAT(SpErrorOf(SpSpecials() + std::string(11, '\xFF')), HasSubstr("longer than 10 bytes"));
  EXPECT_THAT(SpErrorOf(SpSpecials() + std::string(2, '\0')), HasSubstr("field number"));
}

TEST(SentencePieceFormatTest, IsNotMistakenForOtherFiles) {
  for (const std::string_view text : {"", "\n", "{\"a\":1}", "\n{\n \"version\": \"1.0\"\n}\n",
                                      "\n\nHello, this is text.\n", "IQ== 0\n", "GGUF"}) {
    EXPECT_FALSE(LooksLikeSentencePiece(text)) << text;
  }
}

std::string SpWritten(const TokenizerSpec& spec) {
  const StatusOr<std::string> bytes = WriteSentencePiece(spec);
  return bytes.ok() ? *bytes : std::string(Message(bytes.status()));
}

TEST(SentencePieceFormatTest, WritesWhatItReadByteForByte) {
  const std::string trainer = SpNumber(4, 9) + SpBytes(7, "prefix") + kSpByteFallback;
  const std::string model =
      SpSpecials() + SpAllBytes() + SpPiece("▁a", -1) + SpPiece("▁<x>", 0, kSpUserDefined) +
      SpPiece("b▁", -3.25F, kSpUnused) + SpBpe(trainer) +
      SpBytes(3, SpBytes(1, "name") + SpBytes(2, "map") + SpNumber(3, 0) + SpBytes(6, "rules")) +
      SpBytes(4, SpBytes(1, "self test")) + SpBytes(5, SpBytes(2, "")) + SpNumber(200, 7);
  EXPECT_EQ(SpWritten(SpSpecOf(model)), model);
}

TEST(SentencePieceFormatTest, ReplacesOnlyWhatTheSpecSaysOtherwise) {
  TokenizerSpec spec =
      SpSpecOf(SpSpecials() + SpPiece("a", -1) + SpBpe(SpNumber(4, 4) + SpBytes(7, "prefix")));
  spec.vocab.Add({.id = 4, .bytes = " b", .spelling = "▁b", .score = -2});
  std::get<normalizer::SentencePiece>(spec.normalizers[0]).add_dummy_prefix = false;
  std::get<decoder::SentencePiece>(spec.decoders->front()).unk_surface = "?";
  EXPECT_EQ(SpWritten(spec), SpSpecials() + SpPiece("a", -1) + SpPiece("▁b", -2) +
                                 SpBytes(2, SpNumber(3, 2) + SpNumber(4, 5) + SpBytes(7, "prefix") +
                                                SpBytes(44, "?")) +
                                 SpBytes(3, SpNumber(3, 0)));
  spec.roles.eos = 1;
  EXPECT_EQ(SpSpecOf(SpWritten(spec)).roles.eos, TokenId{1});
}

TEST(SentencePieceFormatTest, RefusesToWriteWhatAModelCannotHold) {
  const TokenizerSpec good = SpSpecOf(SpSpecials() + SpPiece("a", -1) + SpBpe());
  TokenizerSpec spec = good;
  spec.vocab.Add({.id = 4, .bytes = "\xE4\xBD", .spelling = "\xE4\xBD", .score = -2});
  EXPECT_EQ(WriteSentencePiece(spec).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(SpWritten(spec), HasSubstr("m.model: the piece with id 4 is not UTF-8"));
  spec = good;
  spec.vocab.Add({.id = 4, .bytes = "b", .spelling = "b", .score = -0.1});
  EXPECT_THAT(SpWritten(spec), HasSubstr("is no float"));
  spec = good;
  spec.vocab.Add({.id = 9, .bytes = "b", .spelling = "b", .score = -2});
  EXPECT_THAT(SpWritten(spec), HasSubstr("fill the holes"));
  spec = good;
  spec.added_tokens = {{.id = 5, .content = "<x>"}};
  EXPECT_THAT(SpWritten(spec), HasSubstr("the added token \"<x>\""));
  spec = good;
  spec.reference = Reference::kHuggingFace;
  EXPECT_EQ(WriteSentencePiece(spec).status().code(), absl::StatusCode::kUnimplemented);
}

}  // namespace
}  // namespace tokgraft
