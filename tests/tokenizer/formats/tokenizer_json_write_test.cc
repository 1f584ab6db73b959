// The layout of the smallest file, byte for byte as tokenizers 0.23.3 saves it, and the refusals
// that tokenizer_json_test does not reach.
#include <gtest/gtest.h>

#include <string>

#include "tokenizer/formats/tokenizer_json.h"

namespace tokgraft {
namespace {

TokenizerSpec LittleSpec() {
  TokenizerSpec spec;
  spec.source = "s";
  spec.vocab.Add({.id = 1, .bytes = "b", .spelling = "b"});
  spec.vocab.Add({.id = 0, .bytes = "a", .spelling = "a"});
  spec.model = BpeModel();
  return spec;
}
std::string JsonWriteError(const TokenizerSpec& spec) {
  return std::string(Message(WriteTokenizerJson(spec).status()));
}

TEST(TokenizerJsonWriteTest, TheSmallestFile) {
  TokenizerSpec spec = LittleSpec();
  spec.added_tokens = {{.id = 2, .content = "<x>", .normalized = true}};
  spec.normalizers = {normalizer::Unicode{}};
  EXPECT_EQ(WriteTokenizerJson(spec).value(), R"({
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": [
    {
      "id": 2,
      "content": "<x>",
      "single_word": false,
      "lstrip": false,
      "rstrip": false,
      "normalized": true,
      "special": false
    }
  ],
  "normalizer": {
    "type": "NFC"
  },
  "pre_tokenizer": null,
  "post_processor": null,
  "decoder": null,
  "model": {
    "type": "BPE",
    "dropout": null,
    "unk_token": null,
    "continuing_subword_prefix": null,
    "end_of_word_suffix": null,
    "fuse_unk": false,
    "byte_fallback": false,
    "ignore_merges": false,
    "vocab": {
      "a": 0,
      "b": 1
    },
    "merges": []
  }
})");
}

TEST(TokenizerJsonWriteTest, NoDecoderAndAnEmptyListAreTwoThings) {
  TokenizerSpec spec = LittleSpec();
  EXPECT_EQ(ReadTokenizerJson(WriteTokenizerJson(spec).value(), "s")->decoders, std::nullopt);
  spec.decoders.emplace();
  const TokenizerSpec read = ReadTokenizerJson(WriteTokenizerJson(spec).value(), "s").value();
  ASSERT_TRUE(read.decoders.has_value());
  EXPECT_TRUE(read.decoders->empty());
}

TEST(TokenizerJsonWriteTest, ATokenWhoseIdWouldMoveIsFoldedIntoTheVocabulary) {
  // The reference would give it 2, the count of pieces.
  TokenizerSpec spec = LittleSpec();
  spec.added_tokens = {{.id = 7, .content = "<x>", .special = true}};
  const TokenizerSpec read = ReadTokenizerJson(WriteTokenizerJson(spec).value(), "s").value();
  EXPECT_EQ(read.added_tokens, spec.added_tokens);
  EXPECT_EQ(read.vocab.FindSpelling("<x>"), 7U);
  EXPECT_TRUE(read.notes.empty());
  // One character that a normalizer could make of other text must not become a piece.
  spec.added_tokens[0].content = "é";
  spec.normalizers = {normalizer::Unicode{}};
  EXPECT_EQ(JsonWriteError(spec),
            "s: Hugging Face would not give the added token \"é\" its id 7, and as a piece of the "
            "vocabulary the model could find it in other text");
  spec.normalizers.clear();
  spec.model = UnigramModel{};
  EXPECT_EQ(JsonWriteError(spec),
            "s: Hugging Face would not give the added token \"é\" its id 7, and the vocabulary of "
            "this model cannot hold it");
}

TEST(TokenizerJsonWriteTest, BrokenMergesStandWhereTheyStood) {
  TokenizerSpec spec = LittleSpec();
  spec.vocab.Add({.id = 2, .bytes = "ab", .spelling = "ab"});
  auto& bpe = std::get<BpeModel>(spec.model);
  bpe.merges = {{0, 1, 2}};
  bpe.broken_merges = {{.index = 0, .left = "x", .right = "a", .missing = "x"},
                       {.index = 2, .left = "b", .right = "y", .missing = "y"}};
  const TokenizerSpec read = ReadTokenizerJson(WriteTokenizerJson(spec).value(), "s").value();
  EXPECT_EQ(std::get<BpeModel>(read.model), bpe);
}

TEST(TokenizerJsonWriteTest, RefusesInWords) {
  TokenizerSpec spec = LittleSpec();
  spec.vocab.Add({.id = 4294967295, .bytes = "c", .spelling = "c"});
  EXPECT_EQ(JsonWriteError(spec), "s: id 4294967295 is too large to be saved");
  spec = LittleSpec();
  spec.vocab.Add({.id = 2, .bytes = "\xE4", .spelling = "\xE4"});
  EXPECT_EQ(JsonWriteError(spec),
            "s: the piece with id 2 is not UTF-8, which tokenizer.json cannot hold");
  spec = LittleSpec();
  spec.added_tokens = {{.id = 2, .content = ""}};
  EXPECT_EQ(JsonWriteError(spec),
            "s: the added token with id 2 is empty or not UTF-8, tokenizer.json cannot hold it");
  spec.added_tokens = {{.id = 3, .content = "x"}, {.id = 3, .content = "y"}};
  EXPECT_EQ(JsonWriteError(spec), "s: the added tokens \"x\" and \"y\" share the id 3");
  spec = LittleSpec();
  std::get<BpeModel>(spec.model).merges = {{0, 1, 5}};
  EXPECT_EQ(JsonWriteError(spec), "s: merge 0 names an id without a piece");
  std::get<BpeModel>(spec.model).merges.clear();
  std::get<BpeModel>(spec.model).order = BpeModel::Order::kRank;
  EXPECT_EQ(JsonWriteError(spec),
            "s: tokenizer.json cannot say a BPE without a list of merges; save in the format it "
            "came from");
}

}  // namespace
}  // namespace tokgraft
