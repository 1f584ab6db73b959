// Every decoder by example; the expected strings were computed with the reference libraries'
// own rules (tokenizers 0.23.3, sentencepiece 0.2.3, llama.cpp).
#include "tokenizer/stages/decode.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"

namespace tokgraft {
namespace {

constexpr const char* kReplacement = "\uFFFD";

// Decodes all pieces in order with these decoders.
std::string DecodeAll(const std::vector<std::string>& tokens, std::vector<Decoder> decoders) {
  std::vector<toy::ToyPiece> pieces;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool repeated = std::find(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(i),
                                    tokens[i]) != tokens.begin() + static_cast<std::ptrdiff_t>(i);
    pieces.push_back({repeated ? tokens[i] + "\t" : tokens[i]});
  }
  TokenizerSpec spec = toy::Spec(pieces, BpeModel{});
  spec.decoders = std::move(decoders);
  const Tokenizer tokenizer = Compile(spec).value();
  std::vector<TokenId> ids;
  for (const std::string& token : tokens) ids.push_back(spec.vocab.FindSpelling(token).value());
  return tokenizer.Decode(ids).value();
}

TEST(DecodeTest, WithoutDecoderTokensAreJoinedBySpaces) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"b"}}, BpeModel{});
  const std::vector<TokenId> ids = {0, 1, 9, 0};  // 9 is unknown: passed over
  EXPECT_EQ(Compile(spec).value().Decode(ids).value(), "a b a");
  spec.decoders.emplace();
  EXPECT_EQ(Compile(spec).value().Decode(ids).value(), "aba");
}

TEST(DecodeTest, ByteLevelJoinsBytesAndRepairsThem) {
  EXPECT_EQ(DecodeAll({"Ġhello", "Ã", "©"}, {decoder::ByteLevel{}}), " helloé");
  EXPECT_EQ(DecodeAll({"Ã", "a"}, {decoder::ByteLevel{}}), std::string(kReplacement) + "a");
  // A token outside the alphabet stands for itself.
  EXPECT_EQ(DecodeAll({"a\u3042", "Ġ"}, {decoder::ByteLevel{}}), "a\u3042 ");
}

TEST(DecodeTest, ByteFallbackTurnsABadRunIntoOneReplacementAByte) {
  const std::vector<Decoder> decoders = {decoder::ByteFallback{}};
  EXPECT_EQ(DecodeAll({"a", "<0xC3>", "<0xA9>", "b"}, decoders), "aéb");
  EXPECT_EQ(DecodeAll({"<0xC3>", "<0x41>"}, decoders), std::string(kReplacement) + kReplacement);
  EXPECT_EQ(DecodeAll({"<0xZZ>", "<0x4>"}, decoders), "<0xZZ><0x4>");
}

TEST(DecodeTest, LlamaChainRestoresSpaces) {
  const std::vector<Decoder> chain = {decoder::Replace{Pattern{"▁", false}, " "},
                                      decoder::ByteFallback{}, decoder::Fuse{},
                                      decoder::Strip{.content = " ", .start = 1, .stop = 0}};
  EXPECT_EQ(DecodeAll({"▁Hello", "▁▁you", "<0x0A>"}, chain), "Hello  you\n");
}

TEST(DecodeTest, StripCutsAtBothEnds) {
  EXPECT_EQ(DecodeAll({"xxaxx", "b"}, {decoder::Strip{.content = "x", .start = 1, .stop = 3}}),
            "xab");
  EXPECT_EQ(DecodeAll({"éaé"}, {decoder::Strip{.content = "é", .start = 5, .stop = 1}}), "a");
}

TEST(DecodeTest, MetaspaceDropsTheFirstTokensMarks) {
  using Scheme = pre_tokenizer::PrependScheme;
  EXPECT_EQ(DecodeAll({"▁a▁", "▁b"}, {decoder::Metaspace{}}), "a b");
  EXPECT_EQ(DecodeAll({"▁a", "▁b"}, {decoder::Metaspace{.prepend_scheme = Scheme::kNever}}),
            " a b");
}

TEST(DecodeTest, WordPieceJoinsAndCleansUp) {
  EXPECT_EQ(DecodeAll({"hello", "##s", ",", "do", "not", "."}, {decoder::WordPiece{}}),
            "hellos, do not.");
  EXPECT_EQ(DecodeAll({"a", "##b", "."}, {decoder::WordPiece{.cleanup = false}}), "ab .");
}

TEST(DecodeTest, BpeTurnsSuffixesIntoSpacesButTheLast) {
  EXPECT_EQ(DecodeAll({"a", "b</w>", "c</w>"}, {decoder::Bpe{}}), "ab c");
}

TEST(DecodeTest, CtcDropsRepeatsAndPads) {
  EXPECT_EQ(DecodeAll({"h", "h", "<pad>", "h", "|", "i"}, {decoder::Ctc{}}), "hh i");
}

TEST(DecodeTest, SkipsSpecialTokensByContent) {
  TokenizerSpec spec = toy::Spec({{"a"}, {"<s>"}}, BpeModel{});
  spec.added_tokens = {{.id = 1, .content = "<s>", .special = true},
                       {.id = 2, .content = "<u>", .special = false}};
  spec.decoders = {{decoder::Fuse{}}};
  const Tokenizer tokenizer = Compile(spec).value();
  const std::vector<TokenId> ids = {1, 0, 2};
  EXPECT_EQ(tokenizer.Decode(ids).value(), "<s>a<u>");
  EXPECT_EQ(tokenizer.Decode(ids, {.skip_special_tokens = true}).value(), "a<u>");
  EXPECT_EQ(tokenizer.DecodeBytes(ids).value(), "<s>a<u>");
  const std::vector<TokenId> unknown = {0, 3};
  EXPECT_EQ(tokenizer.DecodeBytes(unknown).status().code(), absl::StatusCode::kOutOfRange);
}

TEST(DecodeTest, SentencePieceDropsTheDummySpaceAndRepairsBytes) {
  BpeModel model;
  model.order = BpeModel::Order::kScore;
  model.unk = 0;
  TokenizerSpec spec = toy::Spec({{"<unk>", 0, PieceKind::kUnknown},
                                  {"<s>", 0, PieceKind::kControl},
                                  {"▁a"},
                                  {"▁"},
                                  {"<0xC3>", 0, PieceKind::kByte}},
                                 model, Reference::kSentencePiece);
  spec.normalizers = {normalizer::SentencePiece{}};
  spec.decoders = {{decoder::SentencePiece{}}};
  const Tokenizer tokenizer = Compile(spec).value();
  const auto decode = [&](const std::vector<TokenId>& ids) {
    return tokenizer.Decode(ids).value();
  };
  EXPECT_EQ(decode({1, 2, 2}), "a a");
  EXPECT_EQ(decode({3, 3, 2}), "a");
  EXPECT_EQ(decode({2, 0, 2}), "a \u2047  a");
  EXPECT_EQ(tokenizer.Decode(std::vector<TokenId>{99}).status().code(),
            absl::StatusCode::kOutOfRange);
}

TEST(DecodeTest, LlamaCppCleansSpaces) {
  std::vector<toy::ToyPiece> pieces = {{" a"}, {" '"}, {"s"}, {" ."}, {" "}};
  pieces.push_back({"<s>", 0, PieceKind::kControl});
  for (int byte = 0; byte < 256; ++byte) {
    const char* digits = "0123456789ABCDEF";
    pieces.push_back({std::string("<0x") + digits[byte / 16] + digits[byte % 16] + ">"});
  }
  BpeModel model;
  model.order = BpeModel::Order::kScore;
  TokenizerSpec full = toy::Spec(pieces, model, Reference::kLlamaCpp);
  full.decoders = {{decoder::LlamaCpp{.add_space_prefix = true, .clean_spaces = true}}};
  const Tokenizer tokenizer = Compile(full).value();
  const std::vector<TokenId> ids = {0, 1, 2, 3, 5};
  EXPECT_EQ(tokenizer.Decode(ids).value(), "a's.<s>");
  EXPECT_EQ(tokenizer.Decode(ids, {.skip_special_tokens = true}).value(), "a's.");
}

}  // namespace
}  // namespace tokgraft
