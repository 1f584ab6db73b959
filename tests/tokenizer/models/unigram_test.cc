// Unigram against all segmentations of every short string; and the rules of the two references.
#include "tokenizer/models/unigram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/tokenizer/toy_spec.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

// The best sum of scores over all segmentations of `text` into pieces.
double BestSum(const std::vector<toy::ToyPiece>& pieces, std::string_view text) {
  if (text.empty()) return 0;
  double best = -1e300;
  for (const toy::ToyPiece& piece : pieces) {
    if (text.starts_with(piece.spelling)) {
      best = std::max(best, piece.score + BestSum(pieces, text.substr(piece.spelling.size())));
    }
  }
  return best;
}

TEST(UnigramTest, FindsABestSegmentationOfAllShortStrings) {
  std::mt19937 random(5);
  for (int table = 0; table < 40; ++table) {
    std::vector<toy::ToyPiece> pieces = {{"<unk>", -20, PieceKind::kUnknown}, {"a"}, {"b"}};
    const std::vector<std::string> candidates = toy::AllStrings("ab", 4);
    for (int i = 0; i < 8; ++i) {
      const std::string& text = candidates[random() % candidates.size()];
      const bool known = std::any_of(pieces.begin(), pieces.end(), [&](const toy::ToyPiece& piece) {
        return piece.spelling == text;
      });
      if (!known) pieces.push_back({text});
    }
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      pieces[i].score = -static_cast<double>(random() % 1000) / 64;  // exact in float and double
    }
    for (const Reference reference : {Reference::kHuggingFace, Reference::kSentencePiece}) {
      const Tokenizer tokenizer =
          Compile(toy::Spec(pieces, UnigramModel{.unk = 0}, reference)).value();
      for (const std::string& text : toy::AllStrings("ab", 8)) {
        double sum = 0;
        std::string joined;
        for (const std::string& token : toy::Tokens(tokenizer, text)) {
          sum += pieces[*tokenizer.spec().vocab.FindSpelling(token)].score;
          joined += token;
        }
        ASSERT_EQ(joined, text);
        ASSERT_EQ(sum, BestSum(pieces, text)) << text;
      }
    }
  }
}

TEST(UnigramTest, OfEqualSumsTheFirstFoundHolds) {
  // Of the paths to one place that with the leftmost last piece comes first, and only a better
  // sum replaces it.
  const std::vector<toy::ToyPiece> pieces = {
      {"<unk>", 0, PieceKind::kUnknown}, {"a", -1}, {"b", -1}, {"ab", -2}, {"aa", -2}};
  for (const Reference reference : {Reference::kHuggingFace, Reference::kSentencePiece}) {
    const Tokenizer tokenizer =
        Compile(toy::Spec(pieces, UnigramModel{.unk = 0}, reference)).value();
    EXPECT_THAT(toy::Tokens(tokenizer, "ab"), ElementsAre("ab"));
    EXPECT_THAT(toy::Tokens(tokenizer, "aab"), ElementsAre("a", "ab"));
  }
}

TEST(UnigramTest, RunsOfUnknownCharactersAreOneTokenOrBytes) {
  std::vector<toy::ToyPiece> pieces = {{"<unk>", 0, PieceKind::kUnknown}, {"a", -1}};
  for (const Reference reference : {Reference::kHuggingFace, Reference::kSentencePiece}) {
    const Tokenizer tokenizer =
        Compile(toy::Spec(pieces, UnigramModel{.unk = 0}, reference)).value();
    EXPECT_THAT(toy::Tokens(tokenizer, "xyaz"), ElementsAre("<unk>", "a", "<unk>"));
    EXPECT_EQ(tokenizer.Encode("xyaz").offsets, (std::vector<Span>{{0, 2}, {2, 3}, {3, 4}}));
  }
  pieces.push_back({"<0x78>", 0, PieceKind::kByte});
  pieces.push_back({"<0x79>", 0, PieceKind::kByte});
  const Tokenizer tokenizer =
      Compile(toy::Spec(pieces, UnigramModel{.unk = 0, .byte_fallback = true})).value();
  EXPECT_THAT(toy::Tokens(tokenizer, "xya"), ElementsAre("<0x78>", "<0x79>", "a"));
  EXPECT_THAT(toy::Tokens(tokenizer, "xza"), ElementsAre("<unk>", "a"));
  EXPECT_EQ(tokenizer.Encode("xya").offsets, (std::vector<Span>{{0, 2}, {0, 2}, {2, 3}}));
}

TEST(UnigramTest, SentencePiecePrefersUserDefinedAndNeverEmitsUnusedOrControl) {
  const std::vector<toy::ToyPiece> pieces = {{"<unk>", 0, PieceKind::kUnknown},
                                             {"a", -1},
                                             {"b", -1},
                                             {"ab", -9, PieceKind::kUserDefined},
                                             {"aa", 9, PieceKind::kUnused},
                                             {"bb", 9, PieceKind::kControl}};
  const Tokenizer tokenizer =
      Compile(toy::Spec(pieces, UnigramModel{.unk = 0}, Reference::kSentencePiece)).value();
  EXPECT_THAT(toy::Tokens(tokenizer, "aabb"), ElementsAre("a", "ab", "b"));
  // tokenizers knows no kinds.
  EXPECT_THAT(toy::Tokens(Compile(toy::Spec(pieces, UnigramModel{.unk = 0})).value(), "aabb"),
              ElementsAre("aa", "bb"));
}

TEST(UnigramTest, RefusesAModelThatFailsOnUnknownCharacters) {
  EXPECT_EQ(Compile(toy::Spec({{"a"}}, UnigramModel{})).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(UnigramTest, LongTextsAreDone) {
  const Tokenizer tokenizer =
      Compile(toy::Spec({{"<unk>", -9}, {"a", -3}, {"aaa", -4}, {"▁", -2}}, UnigramModel{.unk = 0}))
          .value();
  EXPECT_EQ(tokenizer.Count(std::string(3 << 19, 'a')), 1 << 19);
  EXPECT_EQ(tokenizer.Count(std::string(1 << 20, 'x')), 1);
}

}  // namespace
}  // namespace tokgraft
