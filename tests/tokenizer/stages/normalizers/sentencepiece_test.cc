// Each flag of sentencepiece's normalizer alone; user-defined pieces stay. (With charsmaps:
// normalize_test; swept against the reference: tests/python/test_normalize_reference.py.)
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/tokenizer/stages/normalizers/step_texts.h"

namespace tokgraft {
namespace {

normalizer::SentencePiece BareSentencePiece() {
  normalizer::SentencePiece options;
  options.add_dummy_prefix = false;
  options.remove_extra_whitespaces = false;
  options.escape_whitespaces = false;
  return options;
}
NormalizerStepPtr SentencePieceOf(const normalizer::SentencePiece& options,
                                  const std::vector<std::string>& symbols = {}) {
  TokenizerSpec spec;
  spec.reference = Reference::kSentencePiece;
  for (const std::string& symbol : symbols) {
    spec.vocab.Add({.id = static_cast<TokenId>(spec.vocab.size()),
                    .bytes = symbol,
                    .spelling = symbol,
                    .kind = PieceKind::kUserDefined});
  }
  return MakeSentencePiece(options, spec).value();
}

TEST(SentencePieceNormalizerTest, WithoutFlagsTextIsCopied) {
  const NormalizerStepPtr step = SentencePieceOf(BareSentencePiece());
  EXPECT_EQ(step_texts::Applied(*step, ""), "");
  EXPECT_EQ(step_texts::Applied(*step, "  a é "), "  a é ");
}

TEST(SentencePieceNormalizerTest, ThePrefixComesBeforeAnyTextAndOnlyBeforeText) {
  normalizer::SentencePiece options = BareSentencePiece();
  options.add_dummy_prefix = true;
  EXPECT_EQ(step_texts::Applied(*SentencePieceOf(options), " a"), "  a");
  EXPECT_EQ(step_texts::Applied(*SentencePieceOf(options), ""), "");
  options.treat_whitespace_as_suffix = true;
  EXPECT_EQ(step_texts::Applied(*SentencePieceOf(options), "a"), "a ");
}

TEST(SentencePieceNormalizerTest, ExtraSpacesGoAtBothEndsAndInRuns) {
  normalizer::SentencePiece options = BareSentencePiece();
  options.remove_extra_whitespaces = true;
  EXPECT_EQ(step_texts::Applied(*SentencePieceOf(options), "  a   b  "), "a b");
  EXPECT_EQ(step_texts::Applied(*SentencePieceOf(options), "   "), "");
  EXPECT_EQ(step_texts::Applied(*SentencePieceOf(options), "a\t\u3000"), "a\t\u3000");  // ' ' only
  options.escape_whitespaces = true;
  EXPECT_EQ(step_texts::Applied(*SentencePieceOf(options), " a  b "), "a▁b");
}

TEST(SentencePieceNormalizerTest, SymbolsStayLongestFirst) {
  normalizer::SentencePiece options = BareSentencePiece();
  options.escape_whitespaces = true;
  const NormalizerStepPtr step = SentencePieceOf(options, {"<a", "<a>"});
  EXPECT_EQ(step_texts::Applied(*step, "<a> <ab <"), "<a>▁<ab▁<");
}

TEST(SentencePieceNormalizerTest, LlamaCppHasNoCharsmap) {
  TokenizerSpec spec;
  spec.reference = Reference::kLlamaCpp;
  normalizer::SentencePiece options;
  options.charsmap = std::string("\4\0\0\0\0\0\0\0", 8);
  const Status status = MakeSentencePiece(options, spec).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnimplemented);
  EXPECT_EQ(Message(status), "SentencePiece: a charsmap inside a GGUF file, none was expected");
  options.charsmap.clear();
  // It never removes spaces, whatever the flag says.
  EXPECT_EQ(step_texts::Applied(*MakeSentencePiece(options, spec).value(), " a "), "▁▁a▁");
}

}  // namespace
}  // namespace tokgraft
