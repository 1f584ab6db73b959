// gaussian: the mean of all, and noise whose covariance is the share that was asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"
#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

TEST(GaussianTest, StartsFromTheMeanOfAll) {
  EXPECT_THAT(GaussianRow(77), ::testing::ElementsAre(::testing::Pair(77, 1.0)));
}

// A share of the covariance is the square of a factor on the noise.
TEST(GaussianTest, NoiseIsTheRootOfTheShare) {
  EXPECT_EQ(GaussianNoise(0), 0);
  EXPECT_EQ(GaussianNoise(0.25), 0.5);
  EXPECT_EQ(GaussianNoise(1), 1);
  EXPECT_DOUBLE_EQ(GaussianNoise(1e-4), 0.01);
}

// It asks nothing of a token, so one without old pieces is made like the others, and two tokens
// with the same pieces get two rows.
TEST(GaussianTest, RowsDifferWhateverThePieces) {
  const testing::TemporaryDirectory directory;
  testing::WriteRandomModel(directory.path(), testing::LlamaConfig(8, true),
                            testing::LlamaTensors(8, 4, true, "F32"));
  const Checkpoint model = *OpenCheckpoint(directory.path());
  const auto rows = [&](double share) {
    const InitPlan plan =
        *PlanInit(model, testing::ExtendMap(8, 3), {{{1}, {1}}, {{1}, {1}}, {}},
                  {.method = Method::kGaussian, .pad_to_multiple = 1, .covariance_share = share});
    for (const std::size_t row : {8U, 9U, 10U}) {
      EXPECT_EQ(plan.input.origins[row], RowOrigin::kMethod);
    }
    const std::vector<float> values = *ApplyPlan(model, plan, Role::kInput, 8, 11);
    const auto row = [&](std::ptrdiff_t i) {
      return std::vector<float>(values.begin() + 4 * i, values.begin() + 4 * (i + 1));
    };
    return std::vector<std::vector<float>>{row(0), row(1), row(2)};
  };
  const auto noisy = rows(1e-4);
  EXPECT_NE(noisy[0], noisy[1]);
  EXPECT_NE(noisy[1], noisy[2]);
  const auto still = rows(0);
  EXPECT_EQ(still[0], still[1]);
  EXPECT_EQ(still[1], still[2]);
}

}  // namespace
}  // namespace tokgraft
