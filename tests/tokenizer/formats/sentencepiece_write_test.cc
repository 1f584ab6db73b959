// A spec that no file said, written field by field: what means nothing is not written.
#include <gtest/gtest.h>

#include <string>

#include "tokenizer/formats/protobuf_wire.h"
#include "tokenizer/formats/sentencepiece.h"

namespace tokgraft {
namespace {

TokenizerSpec UnigramSpec() {
  TokenizerSpec spec;
  spec.source = "s";
  spec.format = Format::kSentencePiece;
  spec.reference = Reference::kSentencePiece;
  spec.spelling = Spelling::kMetaspace;
  spec.vocab.Add({.id = 0, .bytes = "<unk>", .spelling = "<unk>", .kind = PieceKind::kUnknown});
  spec.vocab.Add({.id = 1, .bytes = " a", .spelling = "▁a", .score = -1});
  spec.model = UnigramModel{.unk = 0};
  spec.normalizers = {normalizer::SentencePiece{}};
  spec.decoders = {decoder::SentencePiece{}};
  spec.roles.unk = 0;
  return spec;
}

std::string SpWriteError(const TokenizerSpec& spec) {
  return std::string(Message(WriteSentencePiece(spec).status()));
}

TEST(SentencePieceWriteTest, ByteForByteByHand) {
  const std::string expected =
      std::string("\x0A\x0E\x0A\x05<unk>\x15\0\0\0\0\x18\x02", 16) +  // 1: text, score, type 2
      std::string("\x0A\x0B\x0A\x04▁a\x15\0\0\x80\xBF", 13) +         // -1.0F is BF800000
      std::string("\x12\x02\x20\x02", 4) +                            // trainer_spec: 2 pieces
      std::string("\x1A\0", 2);                                       // all defaults
  const StatusOr<std::string> bytes = WriteSentencePiece(UnigramSpec());
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(*bytes, expected);
  TokenizerSpec read = ReadSentencePiece(*bytes, "s").value();
  EXPECT_EQ(read.vocab, UnigramSpec().vocab);
  EXPECT_EQ(read.model, UnigramSpec().model);
  EXPECT_EQ(read.normalizers, UnigramSpec().normalizers);
}

TEST(SentencePieceWriteTest, EveryFlagComesBack) {
  TokenizerSpec spec = UnigramSpec();
  normalizer::SentencePiece flags;
  flags.name = "user_defined";
  flags.add_dummy_prefix = false;
  flags.remove_extra_whitespaces = false;
  flags.escape_whitespaces = false;
  flags.treat_whitespace_as_suffix = true;
  spec.normalizers = {flags};
  spec.decoders = {decoder::SentencePiece{.unk_surface = "?", .denormalizer = {}}};
  const TokenizerSpec read = ReadSentencePiece(WriteSentencePiece(spec).value(), "s").value();
  EXPECT_EQ(read.normalizers, spec.normalizers);
  EXPECT_EQ(std::get<decoder::SentencePiece>(read.decoders->front()).unk_surface, "?");
}

TEST(SentencePieceWriteTest, RolesAreWrittenWhereTheirNameIsNotTheUsualOne) {
  TokenizerSpec spec = UnigramSpec();
  spec.vocab.Add({.id = 2, .bytes = "<bos>", .spelling = "<bos>", .kind = PieceKind::kControl});
  spec.vocab.Add({.id = 3, .bytes = "</s>", .spelling = "</s>", .kind = PieceKind::kControl});
  spec.roles.bos = 2;
  spec.roles.eos = 3;
  spec.roles.pad = 1;  // no control piece: a .model cannot say it
  const TokenizerSpec read = ReadSentencePiece(WriteSentencePiece(spec).value(), "s").value();
  EXPECT_EQ(read.roles.bos, 2U);
  EXPECT_EQ(read.roles.eos, 3U);
  EXPECT_EQ(read.roles.pad, std::nullopt);
}

TEST(SentencePieceWriteTest, RefusesInWords) {
  TokenizerSpec spec = UnigramSpec();
  spec.vocab.Add({.id = 1, .bytes = "b", .spelling = "b"});
  EXPECT_EQ(SpWriteError(spec),
            "s: 3 pieces on ids below 2, and a .model has one piece for each id; fill the holes");
  spec = UnigramSpec();
  spec.model = BpeModel{};
  EXPECT_EQ(SpWriteError(spec),
            "s: a BPE that is not ordered by scores cannot be said in a .model");
  spec.model = WordPieceModel{};
  EXPECT_EQ(SpWriteError(spec), "s: only BPE and Unigram models can be written as a .model");
  spec = UnigramSpec();
  spec.rest["trainer_spec"] = "\"?\"";
  EXPECT_EQ(WriteSentencePiece(spec).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(SpWriteError(spec), "s: rest[\"trainer_spec\"] is not base64");
  spec.rest["trainer_spec"] = "";  // no JSON string at all
  EXPECT_EQ(SpWriteError(spec), "s: rest[\"trainer_spec\"] is not base64");
  spec = UnigramSpec();
  spec.normalizers.clear();
  EXPECT_EQ(SpWriteError(spec), "s: a normalizer that is not sentencepiece's");
  spec = UnigramSpec();
  spec.decoders.reset();
  EXPECT_EQ(SpWriteError(spec), "s: a decoder that is not sentencepiece's");
  spec.source.clear();
  spec.reference = Reference::kLlamaCpp;
  EXPECT_EQ(SpWriteError(spec),
            "tokenizer: a tokenizer of llama.cpp is no sentencepiece model; convert it first");
}

}  // namespace
}  // namespace tokgraft
