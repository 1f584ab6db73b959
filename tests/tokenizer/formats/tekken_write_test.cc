// tekken.json from a spec that no file said, and the layout that it insists on.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tokenizer/formats/tekken.h"

namespace tokgraft {
namespace {

// `specials` control pieces, the 256 bytes, then `more`.
TokenizerSpec TekkenSpec(int specials, const std::vector<std::string>& more = {}) {
  TokenizerSpec spec;
  spec.source = "s";
  spec.format = Format::kTekken;
  spec.reference = Reference::kTekken;
  const auto add = [&](const std::string& bytes, PieceKind kind) {
    const auto id = static_cast<TokenId>(spec.vocab.size());
    spec.vocab.Add({.id = id, .bytes = bytes, .spelling = bytes, .kind = kind});
  };
  for (int i = 0; i < specials; ++i) add(Cat("<", i, ">"), PieceKind::kControl);
  for (int byte = 0; byte < 256; ++byte) {
    add(std::string(1, static_cast<char>(byte)), PieceKind::kNormal);
  }
  for (const std::string& bytes : more) add(bytes, PieceKind::kNormal);
  BpeModel bpe;
  bpe.order = BpeModel::Order::kRank;
  spec.model = bpe;
  spec.pre_tokenizers = {pre_tokenizer::Split{.pattern = {.text = "\\w+|\\W", .is_regex = true}},
                         pre_tokenizer::ByteLevel{}};
  return spec;
}

std::string TekkenWriteError(const TokenizerSpec& spec) {
  return std::string(Message(WriteTekken(spec).status()));
}

TEST(TekkenWriteTest, RanksCountFromTheFirstByte) {
  const StatusOr<std::string> text = WriteTekken(TekkenSpec(2, {"ab", "\xE4\xBD"}));
  ASSERT_TRUE(text.ok()) << text.status();
  const nlohmann::json json = nlohmann::json::parse(*text);
  EXPECT_EQ(json["config"]["pattern"], "\\w+|\\W");
  EXPECT_EQ(json["config"]["num_vocab_tokens"], 258);
  EXPECT_EQ(json["config"]["default_vocab_size"], 260);
  EXPECT_EQ(json["config"]["default_num_special_tokens"], 2);
  EXPECT_EQ(json["config"]["version"], "v3");
  ASSERT_EQ(json["vocab"].size(), 258U);
  EXPECT_EQ(json["vocab"][0],
            nlohmann::json::parse(R"({"rank":0,"token_bytes":"AA==","token_str":"\u0000"})"));
  EXPECT_EQ(json["vocab"][255],
            nlohmann::json::parse(R"({"rank":255,"token_bytes":"/w==","token_str":null})"));
  EXPECT_EQ(json["vocab"][256],
            nlohmann::json::parse(R"({"rank":256,"token_bytes":"YWI=","token_str":"ab"})"));
  EXPECT_EQ(json["special_tokens"],
            nlohmann::json::parse(R"([{"rank":0,"token_str":"<0>","is_control":true},
                                      {"rank":1,"token_str":"<1>","is_control":true}])"));
}

TEST(TekkenWriteTest, WhatTheFileCarriedStaysAsText) {
  TokenizerSpec spec = TekkenSpec(1);
  spec.rest["config"] = R"({"version":"v7","extra":1.50})";
  spec.rest["audio"] = R"({"x":1e5})";
  spec.rest["unrelated"] = "1";
  const std::string text = WriteTekken(spec).value();
  EXPECT_NE(text.find("\"extra\": 1.50"), std::string::npos) << text.substr(0, 300);
  EXPECT_NE(text.find("1e5"), std::string::npos);
  EXPECT_EQ(text.find("unrelated"), std::string::npos);
  // An old version may have no special tokens of its own.
  EXPECT_FALSE(nlohmann::json::parse(text).contains("special_tokens"));
}

TEST(TekkenWriteTest, RefusesInWords) {
  TokenizerSpec spec = TekkenSpec(0);
  spec.vocab.Add({.id = 300, .bytes = "x", .spelling = "x"});
  EXPECT_EQ(TekkenWriteError(spec), "s: 257 pieces on ids below 301, and tekken.json has no holes");
  spec = TekkenSpec(0);
  spec.vocab = Vocab();
  spec.vocab.Add({.id = 0, .bytes = "a", .spelling = "a"});
  EXPECT_EQ(TekkenWriteError(spec),
            "s: the piece with id 0 is not the byte 0, and tekken.json has the 256 bytes first, in "
            "order");
  spec = TekkenSpec(0);
  spec.pre_tokenizers.pop_back();
  EXPECT_EQ(TekkenWriteError(spec), "s: tekken.json splits text by one regex, and by nothing else");
  spec = TekkenSpec(0);
  spec.added_tokens = {{.id = 1, .content = "x"}};
  EXPECT_EQ(TekkenWriteError(spec),
            "s: tekken.json holds a BPE ordered by rank without normalizer, post-processor or "
            "added tokens, and nothing else");
  spec = TekkenSpec(0);
  spec.vocab = Vocab();
  spec.vocab.Add({.id = 0, .bytes = "\xFF", .spelling = "\xFF", .kind = PieceKind::kControl});
  EXPECT_EQ(WriteTekken(spec).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(TekkenWriteError(spec), "s: the special token with id 0 is not UTF-8");
  spec.reference = Reference::kTiktoken;
  EXPECT_EQ(TekkenWriteError(spec),
            "s: a tokenizer of tiktoken is no tekken.json; convert it first");
}

}  // namespace
}  // namespace tokgraft
