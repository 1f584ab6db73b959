#include "tokenizer/formats/tekken.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "tokenizer/formats/base64.h"
#include "tokenizer/formats/tiktoken_patterns.h"

namespace tokgraft {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct TekkenParts {
  std::string version = "\"v3\"";
  std::string pattern = R"("\\w+|\\W+")";
  std::size_t pieces = 258;
  std::size_t vocab_size = 278;
  std::size_t specials = 20;
  std::string piece_3 = R"({"rank":3,"token_bytes":"Aw==","token_str":"\u0003"})";
  std::string more = {};  // members after "vocab"
};

std::string TekkenJson(const TekkenParts& parts) {
  std::string out =
      Cat(R"({"config":{"pattern":)", parts.pattern, R"(,"num_vocab_tokens":)", parts.pieces,
          R"(,"default_vocab_size":)", parts.vocab_size, R"(,"default_num_special_tokens":)",
          parts.specials, R"(,"version":)", parts.version, R"(},"vocab":[)");
  for (std::size_t i = 0; i < parts.pieces; ++i) {
    if (i > 0) out += ',';
    if (i == 3) {
      out += parts.piece_3;
      continue;
    }
    const std::string bytes = i < 256 ? std::string(1, static_cast<char>(i)) : Cat("p", i);
    out +=
        Cat(R"({"rank":)", i, R"(,"token_bytes":")", EncodeBase64(bytes), R"(","token_str":null})");
  }
  return Cat(out, "]", parts.more, "}");
}
std::string TekkenErrorOf(const TekkenParts& parts) {
  const StatusOr<TokenizerSpec> spec = ReadTekken(TekkenJson(parts), "tekken.json");
  return spec.ok() ? "" : std::string(Message(spec.status()));
}

TEST(TekkenFormatTest, ReadsImplicitSpecialTokensWithFillers) {
  const std::string json = TekkenJson({.vocab_size = 282, .specials = 25});
  EXPECT_TRUE(LooksLikeTekken(json));
  const StatusOr<TokenizerSpec> spec = ReadTekken(json, "tekken.json");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->reference, Reference::kTekken);
  ASSERT_EQ(spec->vocab.size(), 282U);  // 25 and 257 of 258 pieces: the last is cut off
  EXPECT_EQ(spec->vocab.entry(1).bytes, "<s>");
  EXPECT_EQ(spec->vocab.entry(1).kind, PieceKind::kControl);
  EXPECT_EQ(spec->vocab.entry(20).bytes, "<SPECIAL_20>");
  EXPECT_EQ(spec->vocab.entry(25 + 65).bytes, "A");
  EXPECT_EQ(spec->vocab.entry(25 + 65).id, TokenId{25 + 65});
  EXPECT_EQ(spec->vocab.Find("p256"), TokenId{25 + 256});
  EXPECT_EQ(spec->vocab.Find("p257"), std::nullopt);
  EXPECT_TRUE(spec->added_tokens.empty());  // never found in text
  EXPECT_EQ(spec->roles.bos, TokenId{1});
  EXPECT_EQ(spec->roles.eos, TokenId{2});
  EXPECT_EQ(spec->roles.pad, TokenId{11});
  const auto& split = std::get<pre_tokenizer::Split>(spec->pre_tokenizers.at(0));
  EXPECT_EQ(split.pattern.text, R"(\w+|\W+)");
  EXPECT_TRUE(split.invert);
}

TEST(TekkenFormatTest, ReadsAListOfSpecialTokens) {
  const TekkenParts parts = {
      .version = "\"v13\"",
      .vocab_size = 260,
      .specials = 3,
      .more = R"(,"special_tokens":[{"rank":0,"token_str":"<unk>","is_control":true},)"
              R"({"rank":1,"token_str":"[THINK]","is_control":false}],"image":{"a":1})"};
  const StatusOr<TokenizerSpec> spec = ReadTekken(TekkenJson(parts), "tekken.json");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->vocab.entry(1).bytes, "[THINK]");
  EXPECT_EQ(spec->vocab.entry(2).bytes, "<SPECIAL_2>");
  EXPECT_EQ(spec->roles.bos, std::nullopt);
  EXPECT_FALSE(spec->add_bos);
  EXPECT_EQ(spec->rest.at("image"), R"({"a":1})");
}

TEST(TekkenFormatTest, RefusesWhatTheReferenceRefuses) {
  EXPECT_EQ(TekkenErrorOf({.version = "\"v4\""}),
            "tekken.json: config.version: version \"v4\" of tekken.json, known are v1, v2, v3, v7, "
            "v11, v13 and v15");
  EXPECT_THAT(TekkenErrorOf({.version = "\"v11\""}), HasSubstr("no special_tokens"));
  EXPECT_THAT(TekkenErrorOf({.vocab_size = 279}), HasSubstr("default_vocab_size 279"));
  EXPECT_THAT(TekkenErrorOf({.vocab_size = 19}), HasSubstr("default_vocab_size 19"));
  EXPECT_THAT(TekkenErrorOf({.vocab_size = 275, .specials = 19}),
              HasSubstr("20 special tokens, expected at most"));
  EXPECT_THAT(TekkenErrorOf({.vocab_size = 100, .specials = 20}),
              HasSubstr("80 pieces are kept, expected at least the 256 bytes"));
  EXPECT_THAT(TekkenErrorOf({.piece_3 = R"({"rank":4,"token_bytes":"Aw=="})"}),
              StartsWith("tekken.json: vocab[3].rank: rank 4, expected 3"));
  EXPECT_THAT(TekkenErrorOf({.piece_3 = R"({"rank":3,"token_bytes":"BA=="})"}),
              HasSubstr("is not the byte 3"));
  EXPECT_THAT(TekkenErrorOf({.piece_3 = R"({"rank":3,"token_bytes":"!"})"}),
              HasSubstr("vocab[3].token_bytes: \"!\" is not base64"));
  EXPECT_THAT(TekkenErrorOf({.piece_3 = R"({"rank":3})"}), HasSubstr("vocab[3]"));
  EXPECT_THAT(TekkenErrorOf({.more = R"(,"special_tokens":[{"rank":1,"token_str":"<s>"}])"}),
              HasSubstr("special_tokens[0].rank: rank 1, expected 0"));
  EXPECT_THAT(TekkenErrorOf({.more = R"(,"special_tokens":[{"rank":0,"token_str":"<s>"},)"
                                     R"({"rank":1,"token_str":"<s>"}])"}),
              HasSubstr("stands twice"));
  EXPECT_THAT(TekkenErrorOf({.vocab_size = 5000000, .specials = 4999999}),
              HasSubstr("expected at most 1048576"));
}

TEST(TekkenFormatTest, ErrorsOnTruncation) {
  const std::string json = TekkenJson({});
  ASSERT_TRUE(ReadTekken(json, "tekken.json").ok());
  for (std::size_t size = 0; size < json.size(); size += size < 300 ? 1 : 97) {
    const StatusOr<TokenizerSpec> spec = ReadTekken(json.substr(0, size), "tekken.json");
    ASSERT_FALSE(spec.ok()) << size;
    EXPECT_THAT(std::string(Message(spec.status())), StartsWith("tekken.json: ")) << size;
  }
}

TEST(TekkenFormatTest, IsNotMistakenForOtherFiles) {
  EXPECT_FALSE(LooksLikeTekken(R"({"version":"1.0","model":{"type":"BPE","vocab":{"a":0}}})"));
  EXPECT_FALSE(LooksLikeTekken("[\"token_bytes\"]"));
  EXPECT_FALSE(LooksLikeTekken(""));
}

TEST(TekkenFormatTest, WritesWhatItRead) {
  const StatusOr<TokenizerSpec> spec =
      ReadTekken(TekkenJson({.vocab_size = 282, .specials = 25, .more = R"(,"image":{"a":1.50})"}),
                 "tekken.json");
  ASSERT_TRUE(spec.ok()) << spec.status();
  const StatusOr<std::string> written = WriteTekken(*spec);
  ASSERT_TRUE(written.ok()) << written.status();
  StatusOr<TokenizerSpec> read = ReadTekken(*written, "tekken.json");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_THAT(read->rest["config"], HasSubstr("\"num_vocab_tokens\":257"));
  read->rest["config"] = spec->rest.at("config");
  EXPECT_TRUE(*read == *spec);
}

TEST(TekkenFormatTest, GrowsByOrdinaryPiecesOnly) {
  StatusOr<TokenizerSpec> spec = ReadTekken(TekkenJson({}), "tekken.json");
  ASSERT_TRUE(spec.ok()) << spec.status();
  spec->vocab.Add({.id = 278, .bytes = "\xE4\xBD", .spelling = "\xE4\xBD"});
  const StatusOr<std::string> written = WriteTekken(*spec);
  ASSERT_TRUE(written.ok()) << written.status();
  EXPECT_EQ(ReadTekken(*written, "t")->vocab, spec->vocab);
  spec->vocab.Add({.id = 279, .bytes = "<x>", .spelling = "<x>", .kind = PieceKind::kControl});
  EXPECT_THAT(std::string(Message(WriteTekken(*spec).status())),
              HasSubstr("special tokens have the lowest ids"));
}

}  // namespace
}  // namespace tokgraft
