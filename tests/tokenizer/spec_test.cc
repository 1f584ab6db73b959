// What a spec says of itself, when two are equal, and the two ways between bytes and spelling.
#include "tokenizer/spec.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace tokgraft {
namespace {

TEST(SpecTest, EveryNameIsItsOwn) {
  EXPECT_EQ(ReferenceName(Reference::kHuggingFace), "hf");
  EXPECT_EQ(ReferenceName(Reference::kSentencePiece), "sentencepiece");
  EXPECT_EQ(ReferenceName(Reference::kTiktoken), "tiktoken");
  EXPECT_EQ(ReferenceName(Reference::kTekken), "tekken");
  EXPECT_EQ(ReferenceName(Reference::kLlamaCpp), "llama.cpp");
  EXPECT_EQ(FormatName(Format::kTokenizerJson), "tokenizer.json");
  EXPECT_EQ(FormatName(Format::kSentencePiece), "sentencepiece");
  EXPECT_EQ(FormatName(Format::kTiktoken), "tiktoken");
  EXPECT_EQ(FormatName(Format::kTekken), "tekken");
  EXPECT_EQ(FormatName(Format::kGguf), "gguf");
  EXPECT_EQ(SpellingName(Spelling::kRaw), "raw");
  EXPECT_EQ(SpellingName(Spelling::kByteLevel), "byte-level");
  EXPECT_EQ(SpellingName(Spelling::kMetaspace), "metaspace");
  EXPECT_EQ(SpellingName(Spelling::kWordPiece), "wordpiece");
}

TEST(SpecTest, TheLimitOfIdsCountsAddedTokensAndHoles) {
  TokenizerSpec spec;
  EXPECT_EQ(spec.id_limit(), 0U);
  spec.vocab.Add({.id = 3, .bytes = "a", .spelling = "a"});
  EXPECT_EQ(spec.id_limit(), 4U);
  spec.added_tokens = {{.id = 4294967295, .content = "<s>"}, {.id = 1, .content = "<t>"}};
  EXPECT_EQ(spec.id_limit(), 4294967296U);
}

TEST(SpecTest, WhereItCameFromIsNotCompared) {
  TokenizerSpec a;
  TokenizerSpec b;
  b.source = "elsewhere";
  b.notes.emplace_back().place = "added_tokens[0]";
  EXPECT_EQ(a, b);
  b.decoders.emplace();  // an empty list is not null
  EXPECT_FALSE(a == b);
  b = a;
  b.companions["chat_template.jinja"] = "";
  EXPECT_FALSE(a == b);
}

TEST(SpecTest, PrintsItselfForPeople) {
  TokenizerSpec spec;
  spec.vocab.Add({.id = 0, .bytes = "a", .spelling = "a"});
  BpeModel bpe;
  bpe.broken_merges.push_back({.index = 0, .left = "a", .right = "b", .missing = "b"});
  spec.model = bpe;
  EXPECT_EQ(spec.DebugString(),
            "tokenizer: tokenizer.json, BPE by merge list, spelled raw, exact for hf\n"
            "  pieces: " +
                spec.vocab.DebugString() +
                "\n"
                "  merges: 0, broken: 1\n"
                "  added tokens: 0, ids: 1\n"
                "  stages: 0 normalizers, 0 pre-tokenizers, 0 post-processors, no decoders\n");
  spec.source = "t.json";
  spec.model = UnknownStage{.type = "WordLevel", .json = "{}"};
  spec.decoders.emplace();
  EXPECT_EQ(spec.DebugString(),
            "t.json: tokenizer.json, WordLevel, spelled raw, exact for hf\n"
            "  pieces: " +
                spec.vocab.DebugString() +
                "\n"
                "  added tokens: 0, ids: 1\n"
                "  stages: 0 normalizers, 0 pre-tokenizers, 0 post-processors, 0 decoders\n");
}

TEST(SpecTest, SpellingsThatAreNotUtf8) {
  const std::string half = "\xE4\xBD";
  EXPECT_EQ(Spell(Spelling::kRaw, half), half);
  EXPECT_EQ(Spell(Spelling::kByteLevel, half), "ä½");  // both stand for themselves
  EXPECT_EQ(Spell(Spelling::kMetaspace, half), std::nullopt);
  EXPECT_EQ(Spell(Spelling::kWordPiece, half), std::nullopt);
}

TEST(SpecTest, SpellingsOfSpaces) {
  EXPECT_EQ(Spell(Spelling::kRaw, " a "), " a ");
  EXPECT_EQ(Spell(Spelling::kByteLevel, " a\n"), "ĠaĊ");
  EXPECT_EQ(Spell(Spelling::kMetaspace, " a  "), "▁a▁▁");
  EXPECT_EQ(Spell(Spelling::kWordPiece, " a"), " a");
  EXPECT_EQ(Unspell(Spelling::kByteLevel, "ĠaĊ"), " a\n");
  EXPECT_EQ(Unspell(Spelling::kByteLevel, " a"), std::nullopt);  // a space is no letter of it
  EXPECT_EQ(Unspell(Spelling::kMetaspace, "▁a▁▁"), " a  ");
  EXPECT_EQ(Unspell(Spelling::kMetaspace, "\xE2\x96"), "\xE2\x96");  // half a ▁ is none
  EXPECT_EQ(Unspell(Spelling::kWordPiece, "##a"), "##a");
  for (const Spelling spelling :
       {Spelling::kRaw, Spelling::kByteLevel, Spelling::kMetaspace, Spelling::kWordPiece}) {
    EXPECT_EQ(Spell(spelling, ""), "");
    EXPECT_EQ(Unspell(spelling, ""), "");
  }
}

}  // namespace
}  // namespace tokgraft
