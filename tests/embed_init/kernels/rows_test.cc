#include "embed_init/kernels/rows.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

namespace tokgraft {
namespace {

// A plan of one row that is made of the given entries.
InitPlan OneRow(std::uint64_t old_rows, const std::vector<std::pair<std::uint32_t, double>>& from) {
  InitPlan plan;
  plan.old_rows = old_rows;
  plan.old_tokens = old_rows;
  plan.new_rows = 1;
  plan.input.AddRow(RowOrigin::kMethod, from);
  return plan;
}

std::string Make(const InitPlan& plan, const MatrixView& old) {
  const std::vector<double> mean = MeanOfRows(old, plan.old_tokens, 1);
  Composition composition{.plan = &plan, .role = &plan.input, .old = old, .mean = mean};
  std::string out(old.row_bytes() * plan.new_rows, '\0');
  ComposeRows(composition, 0, plan.new_rows, out.data(), 1);
  return out;
}

// Every 16-bit pattern, times one, is itself (a NaN stays a NaN).
void ExpectIdentity(DType dtype) {
  std::vector<std::uint16_t> values(65536);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<std::uint16_t>(i);
  const MatrixView view{.data = reinterpret_cast<const char*>(values.data()),
                        .dtype = dtype,
                        .rows = 1,
                        .columns = values.size()};
  const std::string out = Make(OneRow(1, {{0, 1.0}}), view);
  std::vector<double> decoded(values.size());
  ReadRow(view, 0, decoded);
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t made = 0;
    std::memcpy(&made, out.data() + 2 * i, 2);
    if (std::isnan(decoded[i])) {
      std::vector<double> again(1);
      ReadRow({.data = out.data() + 2 * i, .dtype = dtype, .rows = 1, .columns = 1}, 0, again);
      EXPECT_TRUE(std::isnan(again[0])) << i;
    } else if (decoded[i] != 0) {  // -0 comes out of a sum as +0
      ASSERT_EQ(made, values[i]) << i;
    }
  }
}

TEST(RowsTest, SixteenBitTypesRoundTrip) {
  ExpectIdentity(DType::kF16);
  ExpectIdentity(DType::kBf16);
}

// Halfway between neighbours goes to the even one; beyond the largest is infinity.
TEST(RowsTest, HalvesRoundToNearestEven) {
  const auto round = [](DType dtype, double value) {
    const MatrixView view{.data = reinterpret_cast<const char*>(&value),
                          .dtype = DType::kF64,
                          .rows = 1,
                          .columns = 1};
    InitPlan plan = OneRow(1, {{0, 1.0}});
    const std::vector<double> mean = MeanOfRows(view, 1, 1);
    MatrixView target = view;
    target.dtype = dtype;
    // Composed from a double matrix by way of the mean, which is the value itself.
    plan.input = RolePlan();
    plan.input.AddRow(RowOrigin::kMeanOfAll, {{1, 1.0}});
    Composition composition{.plan = &plan, .role = &plan.input, .old = target, .mean = mean};
    std::string out(2, '\0');
    ComposeRows(composition, 0, 1, out.data(), 1);
    std::vector<double> read(1);
    ReadRow({.data = out.data(), .dtype = dtype, .rows = 1, .columns = 1}, 0, read);
    return read[0];
  };
  EXPECT_EQ(round(DType::kF16, 1.0 + 1.0 / 2048), 1.0);
  EXPECT_EQ(round(DType::kF16, 1.0 + 3.0 / 2048), 1.0 + 4.0 / 2048);
  EXPECT_EQ(round(DType::kF16, 65519.0), 65504.0);
  EXPECT_EQ(round(DType::kF16, 65520.0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(round(DType::kF16, std::ldexp(1.0, -24) * 2.5), std::ldexp(1.0, -24) * 2);
  EXPECT_EQ(round(DType::kBf16, 1.0 + 1.0 / 256), 1.0);
  EXPECT_EQ(round(DType::kBf16, 1.0 + 3.0 / 256), 1.0 + 4.0 / 256);
}

TEST(RowsTest, TheMeanLeavesOutRowsThatAreNotFinite) {
  const float nan = std::nanf("");
  const std::vector<float> values = {1, 2, nan, 0, 3, 4};
  const MatrixView view{.data = reinterpret_cast<const char*>(values.data()),
                        .dtype = DType::kF32,
                        .rows = 3,
                        .columns = 2};
  EXPECT_EQ(MeanOfRows(view, 3, 4), (std::vector<double>{2, 3}));
}

TEST(RowsTest, CopiedRowsKeepEveryBit) {
  const std::vector<std::uint32_t> values = {0x7FC00001, 0x80000000, 0xFF800000, 0x00000001};
  InitPlan plan = OneRow(2, {});
  plan.input = RolePlan();
  plan.input.AddRow(RowOrigin::kCopied, {{1, 1.0}});
  const MatrixView view{.data = reinterpret_cast<const char*>(values.data()),
                        .dtype = DType::kF32,
                        .rows = 2,
                        .columns = 2};
  const std::string out = Make(plan, view);
  EXPECT_EQ(std::memcmp(out.data(), values.data() + 2, 8), 0);
}

}  // namespace
}  // namespace tokgraft
