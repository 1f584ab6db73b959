// map: each kind finds the relation that it is for.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

constexpr std::size_t kShared = 400;
constexpr std::size_t kAll = 410;

// Donor rows, and what `relate` makes of each in the model.
template <typename F>
void ExpectFound(MapKind kind, double tolerance, const F& relate) {
  const std::vector<float> donor = testing::RandomRows(kAll, 3, 4);
  std::vector<float> old;
  for (std::size_t i = 0; i < kShared; ++i) {
    for (const float value : relate(&donor[i * 3])) old.push_back(value);
  }
  testing::MadeInput made(old, 3);
  made.SetDonor(donor, 3, kShared);
  made.options.settings.map = kind;
  const StatusOr<MadeRows> rows = MakeMapRows(made.input);
  ASSERT_TRUE(rows.ok()) << Message(rows.status());
  for (std::size_t i = kShared; i < kAll; ++i) {
    const std::array<float, 3> truth = relate(&donor[i * 3]);
    for (std::size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(rows->dense.values[(i - kShared) * 3 + j], truth[j], tolerance);
    }
  }
}

TEST(LinearMapTest, RidgeFindsAnyLinearMap) {
  ExpectFound(MapKind::kRidge, 5e-3, [](const float* x) {
    return std::array<float, 3>{1 + 2 * x[0] - x[1], 3 * x[2], x[0] + x[1] + x[2] - 4};
  });
}

TEST(LinearMapTest, ProcrustesFindsARotationAndAScale) {
  ExpectFound(MapKind::kProcrustes, 1e-4, [](const float* x) {
    return std::array<float, 3>{1.5F * x[1], -1.5F * x[0] + 2, 1.5F * x[2]};
  });
}

TEST(LinearMapTest, CcaFindsAnyMapWithAnInverse) {
  ExpectFound(MapKind::kCca, 1e-3, [](const float* x) {
    return std::array<float, 3>{2 * x[0] - x[1], 3 * x[2] + 1, x[0] + x[1] + x[2]};
  });
}

}  // namespace
}  // namespace tokgraft
