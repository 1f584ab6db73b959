// One step of a conversion between byte-level formats: what a draft says, proves, notes, refuses.
// (Whole conversions, ids compared: convert_test.)
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"
#include "tokenizer/convert/draft.h"
#include "tokenizer/formats/tiktoken_patterns.h"

namespace tokgraft {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The 256 bytes, ab, bc, then what a test adds; merges in the order of ids.
TokenizerSpec ByteDraftSpec() {
  TokenizerSpec spec;
  spec.spelling = Spelling::kByteLevel;
  const auto add = [&](const std::string& bytes) {
    spec.vocab.Add({.id = static_cast<TokenId>(spec.vocab.size()),
                    .bytes = bytes,
                    .spelling = *Spell(Spelling::kByteLevel, bytes)});
  };
  for (int byte = 0; byte < 256; ++byte) add(std::string(1, static_cast<char>(byte)));
  add("ab");
  add("bc");
  spec.model = BpeModel();
  toy::AddMerges({{"a", "b"}, {"b", "c"}}, &spec);
  spec.pre_tokenizers = {pre_tokenizer::ByteLevel{.add_prefix_space = false}};
  spec.decoders = {decoder::ByteLevel{}};
  return spec;
}
std::string DraftError(const StatusOr<Drafts>& drafts) {
  EXPECT_EQ(drafts.status().code(), absl::StatusCode::kUnimplemented);
  return std::string(Message(drafts.status()));
}

TEST(ByteLevelDraftTest, OnlyABpeOverBytesIsOne) {
  TokenizerSpec spec = ByteDraftSpec();
  EXPECT_TRUE(IsByteLevel(spec));
  spec.spelling = Spelling::kRaw;
  EXPECT_TRUE(IsByteLevel(spec));
  spec.spelling = Spelling::kMetaspace;
  EXPECT_FALSE(IsByteLevel(spec));
  spec.spelling = Spelling::kByteLevel;
  spec.model = UnigramModel{};
  EXPECT_FALSE(IsByteLevel(spec));
}

TEST(ByteLevelDraftTest, MergesInTheOrderOfIdsAreRanksProved) {
  TokenizerSpec spec = ByteDraftSpec();
  const Drafts drafts = TokenizerJsonToTiktoken(spec).value();
  ASSERT_EQ(drafts.size(), 1U);
  EXPECT_TRUE(drafts[0].model_proved);
  EXPECT_THAT(drafts[0].suspects, IsEmpty());
  EXPECT_EQ(drafts[0].spec.reference, Reference::kTiktoken);
  EXPECT_EQ(drafts[0].spec.vocab.Get(256)->spelling, "ab");
  EXPECT_EQ(drafts[0].spec.rest.at("pattern"), "\"r50k\"");
  const auto& split = std::get<pre_tokenizer::Split>(drafts[0].spec.pre_tokenizers[0]);
  EXPECT_EQ(split.pattern.text, FindTiktokenPattern("r50k")->regex);
  // The other order has a text to try.
  std::swap(std::get<BpeModel>(spec.model).merges[0], std::get<BpeModel>(spec.model).merges[1]);
  const Drafts other = TokenizerJsonToTiktoken(spec).value();
  EXPECT_FALSE(other[0].model_proved);
  EXPECT_THAT(other[0].suspects, testing::Contains("abc"));
}

TEST(ByteLevelDraftTest, WhatTiktokenLacksIsALossOrANote) {
  TokenizerSpec spec = ByteDraftSpec();
  spec.normalizers = {normalizer::Unicode{}};
  spec.rest["truncation"] = R"({"max_length":5})";
  spec.added_tokens = {{.id = 258, .content = "<x>", .special = false}};
  const Draft draft = TokenizerJsonToTiktoken(spec).value()[0];
  EXPECT_THAT(draft.losses, ElementsAre("tiktoken has no normalizer, and this tokenizer has one"));
  EXPECT_THAT(draft.notes, ElementsAre("truncation is left out, tiktoken has none",
                                       "\"<x>\" is no special token, in tiktoken it is"));
  EXPECT_TRUE(draft.spec.added_tokens[0].special);
}

TEST(ByteLevelDraftTest, SpecialTokensOfTekkenArePieces) {
  TokenizerSpec spec = ByteDraftSpec();
  spec.added_tokens = {{.id = 258, .content = "<x>", .special = true}};
  const Draft draft = TokenizerJsonToTekken(spec).value()[0];
  EXPECT_EQ(draft.spec.format, Format::kTekken);
  EXPECT_THAT(draft.spec.added_tokens, IsEmpty());
  EXPECT_EQ(draft.spec.vocab.Get(258)->kind, PieceKind::kControl);
  EXPECT_EQ(draft.spec.rest.count("pattern"), 0U);
}

TEST(ByteLevelDraftTest, GgufFillsHolesAndNamesTheSplitter) {
  TokenizerSpec spec = ByteDraftSpec();
  spec.added_tokens = {{.id = 260, .content = "<x>", .special = true}};
  const Draft draft = TokenizerJsonToGguf(spec).value()[0];
  EXPECT_EQ(draft.spec.vocab.size(), 261U);
  EXPECT_EQ(draft.spec.vocab.Get(258)->spelling, "[PAD258]");
  EXPECT_EQ(draft.spec.vocab.Get(258)->kind, PieceKind::kUnused);
  EXPECT_EQ(draft.spec.vocab.Get(260)->kind, PieceKind::kControl);
  EXPECT_EQ(std::get<pre_tokenizer::LlamaCpp>(draft.spec.pre_tokenizers[0]).name, "gpt-2");
  EXPECT_THAT(draft.notes,
              ElementsAre("2 ids without a piece are filled with [PAD...]",
                          "llama.cpp drops spaces before punctuation when it decodes"));
  spec.pre_tokenizers = {pre_tokenizer::Digits{.individual_digits = true},
                         pre_tokenizer::ByteLevel{.add_prefix_space = false}};
  EXPECT_EQ(
      std::get<pre_tokenizer::LlamaCpp>(TokenizerJsonToGguf(spec).value()[0].spec.pre_tokenizers[0])
          .name,
      "smollm");
}

TEST(ByteLevelDraftTest, OfAMergeGivenTwiceEachReferenceTakesItsOwn) {
  TokenizerSpec spec = ByteDraftSpec();
  auto& merges = std::get<BpeModel>(spec.model).merges;
  merges.push_back(merges[0]);  // a b, b c, a b: the last counts for Hugging Face
  const Draft to_gguf = TokenizerJsonToGguf(spec).value()[0];
  EXPECT_EQ(std::get<BpeModel>(to_gguf.spec.model).merges,
            (std::vector<Merge>{merges[1], merges[2]}));
  TokenizerSpec gguf = to_gguf.spec;
  std::get<BpeModel>(gguf.model).merges = merges;  // ... the first for llama.cpp
  const Draft back = GgufToTokenizerJson(gguf).value()[0];
  EXPECT_EQ(std::get<BpeModel>(back.spec.model).merges, (std::vector<Merge>{merges[0], merges[1]}));
}

TEST(ByteLevelDraftTest, RanksBecomeTheirLiveJoins) {
  const TokenizerSpec ranks = TokenizerJsonToTiktoken(ByteDraftSpec()).value()[0].spec;
  const Draft back = TiktokenToTokenizerJson(ranks).value()[0];
  EXPECT_TRUE(back.model_proved);
  EXPECT_EQ(std::get<BpeModel>(back.spec.model).merges,
            std::get<BpeModel>(ByteDraftSpec().model).merges);
  EXPECT_EQ(back.spec.vocab, ByteDraftSpec().vocab);
  EXPECT_EQ(back.spec.pre_tokenizers, ByteDraftSpec().pre_tokenizers);
}

TEST(ByteLevelDraftTest, RefusesInWords) {
  TokenizerSpec spec = ByteDraftSpec();
  spec.vocab.Add({.id = 258, .bytes = "▁", .spelling = "▁"});
  EXPECT_EQ(DraftError(TokenizerJsonToTiktoken(spec)),
            "model.vocab: \"▁\" is not spelled in the alphabet of bytes, and ranks are bytes");
  spec = ByteDraftSpec();
  spec.vocab = Vocab();
  for (TokenId id = 2; id < 258; ++id) spec.vocab.Add(*ByteDraftSpec().vocab.Get(id));
  EXPECT_EQ(DraftError(TokenizerJsonToTiktoken(spec)),
            "model.vocab: 2 of the 256 bytes have no piece, and ranks must have them all");
  spec = ByteDraftSpec();
  spec.pre_tokenizers = {pre_tokenizer::ByteLevel{}};  // a prefix space
  EXPECT_EQ(DraftError(TokenizerJsonToTiktoken(spec)),
            "pre_tokenizer: is no single regex before ByteLevel, and other formats have no words "
            "for it");
  spec.pre_tokenizers = {pre_tokenizer::Split{.pattern = {.text = "\\w+|\\W", .is_regex = true}},
                         pre_tokenizer::ByteLevel{
                             .add_prefix_space = false, .trim_offsets = true, .use_regex = false}};
  EXPECT_EQ(DraftError(TokenizerJsonToGguf(spec)),
            "pre_tokenizer: llama.cpp has no name for this splitter that we know");
  spec = ByteDraftSpec();
  std::get<BpeModel>(spec.model).broken_merges.emplace_back();
  EXPECT_EQ(DraftError(TokenizerJsonToTiktoken(spec)), "model: is no BPE with a whole merge list");
  spec = TokenizerJsonToGguf(ByteDraftSpec()).value()[0].spec;
  spec.pre_tokenizers[0] = pre_tokenizer::LlamaCpp{"default"};
  EXPECT_EQ(DraftError(GgufToTokenizerJson(spec)),
            "tokenizer.ggml.pre: \"default\" has no known regex in Hugging Face's dialect");
}

}  // namespace
}  // namespace tokgraft
