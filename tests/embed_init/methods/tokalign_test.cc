#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/embed_init/made_vectors.h"
#include "tests/embed_init/one_core.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// The space of the old tokenizer is that of the new one, turned: cosines with pivots are the same.
TokenVectors Turned(const TokenVectors& vectors) {
  TokenVectors turned = vectors;
  for (std::size_t i = 0; i + 2 < turned.values.size(); i += turned.columns) {
    const float x = vectors.values[i];
    const float y = vectors.values[i + 1];
    turned.values[i] = 0.6F * x - 0.8F * y;
    turned.values[i + 1] = 0.8F * x + 0.6F * y;
  }
  turned.added.clear();
  return turned;
}

TEST(TokAlignTest, TheOldTokenThatStandsAlikeGivesItsRow) {
  testing::MadeVectors made(40, 4, 5, 1);
  // The new tokens lie near old ones 7, 13 and 39, of which the last is not shared.
  const std::uint32_t like[] = {7, 13, 39};
  for (std::size_t token = 0; token < 3; ++token) {
    for (std::size_t j = 0; j < 5; ++j) {
      made.vectors.values[(40 + token) * 5 + j] =
          made.vectors.values[like[token] * 5 + j] + (j == token ? 0.01F : 0.0F);
    }
  }
  const TokenVectors old = Turned(made.vectors);
  made.made.input.old_vectors = &old;
  const MadeRows rows = *MakeTokAlignRows(made.made.input);
  for (std::size_t token = 0; token < 3; ++token) {
    EXPECT_THAT(rows.entries[token], ElementsAre(Pair(like[token], 1.0)));
  }
  EXPECT_EQ(rows.origins[3], RowOrigin::kMeanOfPieces);
  EXPECT_THAT(rows.notes, ElementsAre("tokalign compares by 39 pivots"));
  made.made.options.settings.tokalign_pivots = 12;
  EXPECT_THAT(MakeTokAlignRows(made.made.input)->notes,
              ElementsAre("tokalign compares by 12 pivots"));
}

TEST(TokAlignTest, TooFewPivotsAreAnError) {
  testing::MadeVectors made(9, 2, 5, 1);
  const TokenVectors old = Turned(made.vectors);
  made.made.input.old_vectors = &old;
  const auto rows = MakeTokAlignRows(made.made.input);
  EXPECT_EQ(rows.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(rows.status())), HasSubstr("8 shared tokens have a vector"));
}

TEST(TokAlignTest, TheSeedDrawsThePivots) {
  testing::MadeVectors made(400, 50, 5, 1);
  const TokenVectors old = Turned(made.vectors);
  made.made.input.old_vectors = &old;
  made.made.options.settings.tokalign_pivots = 10;
  const auto entries = [&](std::uint64_t seed) {
    made.made.options.seed = seed;
    return MakeTokAlignRows(made.made.input)->entries;
  };
  // So few pivots see different old tokens as the nearest.
  EXPECT_EQ(entries(1), entries(1));
  EXPECT_NE(entries(1), entries(2));
}

TEST(TokAlignTest, TheNearestByThePlainFormula) {
  testing::MadeVectors made(60, 5, 6, 7);
  TokenVectors old = made.vectors;
  old.values = testing::UnitRows(64, 6, 99);  // a space that has nothing in common with the other
  made.made.input.old_vectors = &old;
  const MadeRows rows = *MakeTokAlignRows(made.made.input);  // all 59 shared tokens are pivots
  const auto relative = [](const TokenVectors& space, std::uint32_t vector) {
    std::vector<double> cosines;
    double square = 0;
    for (std::uint32_t pivot = 0; pivot < 59; ++pivot) {
      double sum = 0;
      for (std::size_t j = 0; j < 6; ++j) {
        sum += static_cast<double>(space.vector(vector)[j]) *
               static_cast<double>(space.vector(pivot)[j]);
      }
      cosines.push_back(sum);
      square += sum * sum;
    }
    for (double& cosine : cosines) cosine /= std::sqrt(square);
    return cosines;
  };
  for (std::uint32_t token = 0; token < 4; ++token) {
    const std::vector<double> wanted = relative(made.vectors, 60 + token);
    std::uint32_t best = 0;
    double most = -2;
    for (std::uint32_t row = 0; row < 60; ++row) {
      const std::vector<double> other = relative(old, row);
      double sum = 0;
      for (std::size_t i = 0; i < 59; ++i) sum += wanted[i] * other[i];
      if (sum <= most) continue;
      most = sum;
      best = row;
    }
    EXPECT_THAT(rows.entries[token], ElementsAre(Pair(best, 1.0)));
  }
}

TEST(TokAlignTest, TheSameOnOneCoreAndOnMany) {
  if (!testing::HasManyCores()) GTEST_SKIP() << "one core";
  testing::MadeVectors made(2000, 700, 16, 4);
  const TokenVectors old = Turned(made.vectors);
  made.made.input.old_vectors = &old;
  const auto entries = [&] { return MakeTokAlignRows(made.made.input)->entries; };
  EXPECT_EQ(testing::OnOneCore(entries), entries());
}

}  // namespace
}  // namespace tokgraft
