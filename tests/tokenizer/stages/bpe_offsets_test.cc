// Where tokenizers 0.23.3 says that the tokens of a word are of which its BPE dropped a part.
#include "tokenizer/stages/bpe_offsets.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tokgraft {
namespace {

// Byte-level pieces: Ġ 0, a 1, Ġa 2.
TokenizerSpec OffsetsSpec(Model model = BpeModel{}) {
  TokenizerSpec spec;
  spec.spelling = Spelling::kByteLevel;
  const std::vector<std::string> pieces = {" ", "a", " a"};
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    spec.vocab.Add({.id = static_cast<TokenId>(i),
                    .bytes = pieces[i],
                    .spelling = *Spell(Spelling::kByteLevel, pieces[i])});
  }
  spec.model = std::move(model);
  return spec;
}
std::vector<TokenRange> LaidOut(std::string_view word, bool byte_domain, const TokenizerSpec& spec,
                                std::vector<TokenRange> ranges) {
  LayEndToEnd(word, byte_domain, spec, &ranges);
  return ranges;
}

TEST(BpeOffsetsTest, AWordThatIsAllThereStaysAsItIs) {
  const std::vector<TokenRange> whole = {{.id = 0, .begin = 0, .end = 1},
                                         {.id = 1, .begin = 1, .end = 2}};
  EXPECT_EQ(LaidOut(" a", true, OffsetsSpec(), whole), whole);
  EXPECT_EQ(LaidOut("", true, OffsetsSpec(), {}), std::vector<TokenRange>{});
}

TEST(BpeOffsetsTest, WhatIsLeftMovesTogether) {
  // x was dropped from "axa", and at the start of "xa".
  EXPECT_EQ(
      LaidOut("axa", false, OffsetsSpec(),
              {{.id = 1, .begin = 0, .end = 1}, {.id = 1, .begin = 2, .end = 3}}),
      (std::vector<TokenRange>{{.id = 1, .begin = 0, .end = 1}, {.id = 1, .begin = 1, .end = 2}}));
  EXPECT_EQ(LaidOut("xa", false, OffsetsSpec(), {{.id = 1, .begin = 1, .end = 2}}),
            (std::vector<TokenRange>{{.id = 1, .begin = 0, .end = 1}}));
  EXPECT_EQ(LaidOut("xy", false, OffsetsSpec(), {}), std::vector<TokenRange>{});
}

TEST(BpeOffsetsTest, InTheAlphabetOfBytesASpaceIsTwo) {
  // The model sees "Ġxa", of which it knows Ġ (two bytes) and a.
  EXPECT_EQ(
      LaidOut(" xa", true, OffsetsSpec(),
              {{.id = 0, .begin = 0, .end = 1}, {.id = 1, .begin = 2, .end = 3}}),
      (std::vector<TokenRange>{{.id = 0, .begin = 0, .end = 1}, {.id = 1, .begin = 1, .end = 2}}));
  // The model sees "xĠa": the token Ġa has three bytes, x and Ġ.
  EXPECT_EQ(LaidOut("x a", true, OffsetsSpec(), {{.id = 2, .begin = 1, .end = 3}}),
            (std::vector<TokenRange>{{.id = 2, .begin = 0, .end = 2}}));
}

TEST(BpeOffsetsTest, OnlyHuggingFacesBpeDoesSo) {
  const std::vector<TokenRange> ranges = {{.id = 1, .begin = 1, .end = 2}};
  EXPECT_EQ(LaidOut("xa", false, OffsetsSpec(UnigramModel{}), ranges), ranges);
  TokenizerSpec other = OffsetsSpec();
  other.reference = Reference::kLlamaCpp;
  EXPECT_EQ(LaidOut("xa", false, other, ranges), ranges);
}

}  // namespace
}  // namespace tokgraft
