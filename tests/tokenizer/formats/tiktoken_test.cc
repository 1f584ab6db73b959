#include "tokenizer/formats/tiktoken.h"

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

std::string TtRanks(std::size_t first_byte = 0) {
  std::string out;
  for (std::size_t byte = first_byte; byte < 256; ++byte) {
    out += Cat(EncodeBase64(std::string(1, static_cast<char>(byte))), " ", byte, "\n");
  }
  return out;
}
std::string TtLine(std::string_view piece, TokenId rank) {
  return Cat(EncodeBase64(piece), " ", rank, "\n");
}
std::string TtErrorOf(std::string_view bytes, const std::string& pattern) {
  const StatusOr<TokenizerSpec> spec = ReadTiktoken(bytes, "r.tiktoken", pattern);
  return spec.ok() ? "" : std::string(Message(spec.status()));
}

TEST(TiktokenFormatTest, ReadsRanksWithAName) {
  const StatusOr<TokenizerSpec> spec =
      ReadTiktoken(TtRanks() + TtLine("ab", 256) + TtLine(" a", 300), "r.tiktoken", "cl100k");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->reference, Reference::kTiktoken);
  EXPECT_EQ(spec->vocab.size(), 258U);
  EXPECT_EQ(spec->vocab.Find(" a"), TokenId{300});  // a gap is no error
  const auto& model = std::get<BpeModel>(spec->model);
  EXPECT_EQ(model.order, BpeModel::Order::kRank);
  EXPECT_TRUE(model.ignore_merges);
  const auto& split = std::get<pre_tokenizer::Split>(spec->pre_tokenizers.at(0));
  EXPECT_EQ(split.pattern.text, FindTiktokenPattern("cl100k")->regex);
  EXPECT_EQ(split.behavior, pre_tokenizer::SplitBehavior::kIsolated);
  ASSERT_EQ(spec->added_tokens.size(), 5U);
  EXPECT_EQ(spec->added_tokens[0].content, "<|endoftext|>");
  EXPECT_EQ(spec->added_tokens[0].id, TokenId{100257});
  EXPECT_EQ(spec->roles.eos, TokenId{100257});
  EXPECT_FALSE(spec->add_bos);
}

TEST(TiktokenFormatTest, TakesARegexWithoutSpecialTokens) {
  const StatusOr<TokenizerSpec> spec = ReadTiktoken(TtRanks(), "r.tiktoken", R"(\w+)");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_TRUE(spec->added_tokens.empty());
  // What lies between two matches is dropped.
  const auto& split = std::get<pre_tokenizer::Split>(spec->pre_tokenizers.at(0));
  EXPECT_EQ(split.behavior, pre_tokenizer::SplitBehavior::kRemoved);
  EXPECT_TRUE(split.invert);
}

TEST(TiktokenFormatTest, CountsSpecialTokensFromTheRanksWhereTheModelDoes) {
  const TiktokenSpecials llama4 = TiktokenSpecialsOf("llama4", 200000);
  ASSERT_EQ(llama4.tokens.size(), 2048U);
  const auto id_of = [&](std::string_view name) {
    for (const auto& [text, id] : llama4.tokens) {
      if (text == name) return id;
    }
    return TokenId{0};
  };
  // The ids that the model's own prompt format documents.
  EXPECT_EQ(id_of("<|begin_of_text|>"), TokenId{200000});
  EXPECT_EQ(id_of("<|header_start|>"), TokenId{200005});
  EXPECT_EQ(id_of("<|eot|>"), TokenId{200008});
  EXPECT_EQ(id_of("<|python_start|>"), TokenId{200016});
  EXPECT_EQ(id_of("<|finetune_right_pad|>"), TokenId{200018});
  EXPECT_EQ(id_of("<|image_start|>"), TokenId{200080});
  EXPECT_EQ(id_of("<|patch|>"), TokenId{200092});
  EXPECT_EQ(id_of("<|reasoning_reserved_special_token_0|>"), TokenId{201134});
  EXPECT_EQ(id_of("<|reasoning_thinking_end|>"), TokenId{201143});
  EXPECT_EQ(llama4.tokens.back().second, TokenId{202047});

  const TiktokenSpecials kimi = TiktokenSpecialsOf("kimi_k2", 1000);
  ASSERT_EQ(kimi.tokens.size(), 256U);
  EXPECT_EQ(kimi.tokens[0].first, "<|reserved_token_1000|>");
  EXPECT_EQ(kimi.tokens[0].second, TokenId{1000});
  const TiktokenSpecials qwen = TiktokenSpecialsOf("qwen", 0);
  ASSERT_EQ(qwen.tokens.size(), 208U);
  EXPECT_EQ(qwen.tokens[3].first, "<|extra_0|>");
  EXPECT_EQ(qwen.tokens[3].second, TokenId{151646});
}

TEST(TiktokenFormatTest, AsksForAPattern) {
  EXPECT_EQ(
      TtErrorOf(TtRanks(), ""),
      "r.tiktoken: these tiktoken ranks are not known, and a file of ranks does not hold its "
      "regex; give its pattern, one of r50k p50k cl100k o200k llama4 kimi_k2 qwen, or a regex");
  EXPECT_THAT(TtErrorOf(TtRanks(), "cl200k"), HasSubstr("is no name we know, expected one of"));
}

TEST(TiktokenFormatTest, RefusesBrokenRanks) {
  const std::string bytes = TtRanks();
  EXPECT_EQ(TtErrorOf(bytes + TtLine("ab", 256) + TtLine("cd", 256), "r50k"),
            "r.tiktoken: rank 256: two pieces, \"YWI=\" and \"Y2Q=\", expected one");
  EXPECT_THAT(TtErrorOf(bytes + TtLine("ab", 256) + TtLine("ab", 257), "r50k"),
              HasSubstr("\"YWI=\" has another rank too, 256"));
  EXPECT_THAT(TtErrorOf(TtRanks(1), "r50k"), HasSubstr("byte 0 has no piece of its own"));
  EXPECT_EQ(TtErrorOf("", "r50k"), "r.tiktoken: byte 0: no ranks in the file");
  EXPECT_THAT(TtErrorOf("YWI 1\n", "r50k"), StartsWith("r.tiktoken: byte 0: the piece is not"));
  EXPECT_THAT(TtErrorOf("YQ== 1\nYQ==\n", "r50k"), StartsWith("r.tiktoken: byte 7: a line of"));
  EXPECT_THAT(TtErrorOf("YQ== 1 2\n", "r50k"), HasSubstr("a line of tiktoken ranks is"));
  EXPECT_THAT(TtErrorOf("YQ== 4294967295\n", "r50k"), HasSubstr("below 4294967295"));
  EXPECT_THAT(TtErrorOf("YQ== -1\n", "r50k"), HasSubstr("not a whole number"));
  EXPECT_THAT(TtErrorOf("YQ== 1x\n", "r50k"), HasSubstr("not a whole number"));
  EXPECT_THAT(TtErrorOf(bytes + TtLine("ab", 50256), "r50k"),
              HasSubstr("rank 50256: the special token <|endoftext|>"));
}

TEST(TiktokenFormatTest, TakesAnyLineEndAndOrder) {
  std::string bytes;
  for (std::size_t byte = 256; byte > 0; --byte) {
    bytes += Cat(EncodeBase64(std::string(1, static_cast<char>(byte - 1))), "\t ", byte - 1,
                 byte % 2 == 0 ? "\r\n" : "\r");
  }
  const StatusOr<TokenizerSpec> spec = ReadTiktoken(bytes, "r.tiktoken", "r50k");
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(spec->vocab, ReadTiktoken(TtRanks(), "r.tiktoken", "r50k")->vocab);
}

TEST(TiktokenFormatTest, ErrorsOrReadsEveryTruncation) {
  const std::string bytes = TtRanks();
  for (std::size_t size = 0; size + 1 < bytes.size(); ++size) {
    EXPECT_THAT(TtErrorOf(bytes.substr(0, size), "r50k"), StartsWith("r.tiktoken: ")) << size;
  }
}

TEST(TiktokenFormatTest, IsRecognisedByItsFirstLine) {
  EXPECT_TRUE(LooksLikeTiktoken("IQ== 0\nIg== 1\n"));
  EXPECT_TRUE(LooksLikeTiktoken("\nIQ== 0"));
  for (const std::string_view text : {"", "IQ==", "IQ== x", "{\"a\": 1}", "hello world", "GGUF"}) {
    EXPECT_FALSE(LooksLikeTiktoken(text)) << text;
  }
}

TEST(TiktokenFormatTest, WritesRanksAndWhatStandsBesideThem) {
  const std::string ranks = TtRanks() + TtLine("ab", 256) + TtLine(" a", 300);
  const std::string regex = R"(\w+|\W "\w)";
  StatusOr<TokenizerSpec> spec = ReadTiktoken(ranks, "r.tiktoken", regex);
  ASSERT_TRUE(spec.ok()) << spec.status();
  EXPECT_EQ(*WriteTiktoken(*spec), ranks);
  spec->added_tokens = {{.id = 400, .content = "<b>", .special = true},
                        {.id = 301, .content = "<a>", .special = true}};
  const StatusOr<std::string> encoding = WriteTiktokenEncoding(*spec);
  ASSERT_TRUE(encoding.ok()) << encoding.status();
  EXPECT_EQ(*encoding, R"({
  "name": "tokgraft",
  "pat_str": "\\w+|\\W \"\\w",
  "special_tokens": {
    "<a>": 301,
    "<b>": 400
  }
}
)");
  const StatusOr<TokenizerSpec> read = ReadTiktoken(ranks, "r.tiktoken", *encoding);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->pre_tokenizers, spec->pre_tokenizers);
  ASSERT_EQ(read->added_tokens.size(), 2U);
  EXPECT_EQ(read->added_tokens[0].content, "<a>");
}

TEST(TiktokenFormatTest, APublishedNameStaysWithItsRoles) {
  const StatusOr<TokenizerSpec> spec = ReadTiktoken(TtRanks(), "r.tiktoken", "llama4");
  ASSERT_TRUE(spec.ok()) << spec.status();
  const StatusOr<TokenizerSpec> read =
      ReadTiktoken(*WriteTiktoken(*spec), "r.tiktoken", *WriteTiktokenEncoding(*spec));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(*read == *spec);
}

TEST(TiktokenFormatTest, RefusesAnEncodingThatIsNone) {
  EXPECT_THAT(TtErrorOf(TtRanks(), "{}"), HasSubstr("pat_str"));
  EXPECT_THAT(TtErrorOf(TtRanks(), R"({"pat_str":"x","special_tokens":{"<a>":-1}})"),
              StartsWith("r.tiktoken.json: special_tokens"));
  EXPECT_THAT(TtErrorOf(TtRanks(), R"({"pat_str":"x","special_tokens":{"<a>":65}})"),
              HasSubstr("the special token <a>"));
}

TEST(TiktokenFormatTest, RefusesToWriteWhatRanksCannotSay) {
  const StatusOr<TokenizerSpec> good = ReadTiktoken(TtRanks(), "r.tiktoken", "qwen");
  ASSERT_TRUE(good.ok()) << good.status();
  TokenizerSpec spec = *good;
  spec.normalizers = {normalizer::Lowercase{}};
  EXPECT_THAT(std::string(Message(WriteTiktoken(spec).status())), HasSubstr("no normalizer"));
  spec = *good;
  spec.added_tokens[0].lstrip = true;
  EXPECT_THAT(std::string(Message(WriteTiktokenEncoding(spec).status())),
              HasSubstr("no plain special token"));
}

}  // namespace
}  // namespace tokgraft
