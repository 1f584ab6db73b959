// Ranks in the order of ids, and the encoding beside them, byte for byte.
#include <gtest/gtest.h>

#include <string>

#include "tokenizer/formats/tiktoken.h"

namespace tokgraft {
namespace {

TokenizerSpec RankSpec() {
  TokenizerSpec spec;
  spec.source = "s";
  spec.format = Format::kTiktoken;
  spec.reference = Reference::kTiktoken;
  spec.vocab.Add({.id = 3, .bytes = "ab", .spelling = "ab"});
  spec.vocab.Add({.id = 0, .bytes = "\xFF", .spelling = "\xFF"});
  spec.added_tokens = {{.id = 9, .content = "<b\">", .special = true},
                       {.id = 7, .content = "<a>", .special = true}};
  BpeModel bpe;
  bpe.order = BpeModel::Order::kRank;
  spec.model = bpe;
  spec.pre_tokenizers = {pre_tokenizer::Split{.pattern = {.text = "\\s", .is_regex = true}},
                         pre_tokenizer::ByteLevel{}};
  return spec;
}

std::string RanksError(const TokenizerSpec& spec) {
  return std::string(Message(WriteTiktoken(spec).status()));
}
std::string EncodingError(const TokenizerSpec& spec) {
  return std::string(Message(WriteTiktokenEncoding(spec).status()));
}

TEST(TiktokenWriteTest, RanksAreInOrderGapsAndAll) {
  EXPECT_EQ(WriteTiktoken(RankSpec()).value(), "/w== 0\nYWI= 3\n");
  TokenizerSpec empty = RankSpec();
  empty.vocab = Vocab();
  EXPECT_EQ(WriteTiktoken(empty).value(), "");
}

TEST(TiktokenWriteTest, TheEncodingHasANameTheRegexAndTheSpecialTokens) {
  TokenizerSpec spec = RankSpec();
  EXPECT_EQ(WriteTiktokenEncoding(spec).value(),
            "{\n  \"name\": \"tokgraft\",\n  \"pat_str\": \"\\\\s\",\n  \"special_tokens\": {\n"
            "    \"<a>\": 7,\n    \"<b\\\">\": 9\n  }\n}\n");
  spec.added_tokens.clear();
  spec.rest["pattern"] = "\"cl100k\"";
  EXPECT_EQ(WriteTiktokenEncoding(spec).value(),
            "{\n  \"name\": \"cl100k\",\n  \"pat_str\": \"\\\\s\",\n  \"special_tokens\": {}\n}\n");
}

TEST(TiktokenWriteTest, RefusesInWords) {
  TokenizerSpec spec = RankSpec();
  spec.vocab.Add({.id = 4, .bytes = "c", .spelling = "c", .kind = PieceKind::kControl});
  EXPECT_EQ(RanksError(spec),
            "s: the piece with id 4 is of kind control, and tiktoken ranks are ordinary pieces "
            "only");
  spec = RankSpec();
  spec.pre_tokenizers.pop_back();
  EXPECT_EQ(RanksError(spec), "s: tiktoken splits text by one regex, and by nothing else");
  EXPECT_EQ(EncodingError(spec), "s: tiktoken splits text by one regex, and by nothing else");
  spec = RankSpec();
  spec.post_processors = {post_processor::ByteLevel{}};
  EXPECT_EQ(RanksError(spec), "s: tiktoken has no post-processor");
  spec = RankSpec();
  spec.model = BpeModel{};
  EXPECT_EQ(RanksError(spec), "s: tiktoken holds a BPE ordered by rank, and nothing else");
  spec = RankSpec();
  spec.added_tokens[1].special = false;
  EXPECT_EQ(EncodingError(spec),
            "s: the added token \"<a>\" is no plain special token, the only kind that tiktoken "
            "has");
  spec = RankSpec();
  spec.added_tokens[0].content = "\xFF";
  EXPECT_EQ(WriteTiktokenEncoding(spec).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(EncodingError(spec), "s: the special token with id 9 is empty or not UTF-8");
  spec.source.clear();
  spec.reference = Reference::kHuggingFace;
  EXPECT_EQ(RanksError(spec),
            "tokenizer: a tokenizer of hf has no tiktoken ranks; convert it first");
}

}  // namespace
}  // namespace tokgraft
