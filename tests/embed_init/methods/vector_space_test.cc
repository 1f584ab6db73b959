#include "embed_init/methods/vector_space.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/embed_init/made_vectors.h"

namespace tokgraft {
namespace {

TEST(VectorSpaceTest, SharedHiddenAndBrokenRows) {
  testing::MadeVectors made(6, 3, 4, 1);
  EXPECT_EQ(UsableVectors(made.made.input, made.vectors, false).size(), 6U);
  EXPECT_EQ(UsableVectors(made.made.input, made.vectors, true).size(), 5U);
  made.made.input.hidden = {true, false, false, false, false, false};
  made.made.old[2 * 4 + 1] = INFINITY;
  const std::vector<OldVector> usable = UsableVectors(made.made.input, made.vectors, false);
  ASSERT_EQ(usable.size(), 4U);
  EXPECT_EQ(usable[0].row, 1U);
  EXPECT_EQ(usable[1].row, 3U);
  const PackedRows packed = PackVectors(made.vectors, usable);
  EXPECT_EQ(packed.count(), 4U);
  EXPECT_EQ(packed.columns(), 4U);
}

TEST(VectorSpaceTest, WantedTokensWithVectors) {
  const testing::MadeVectors made(6, 3, 4, 1);
  const WantedVectors wanted = VectorsOfWanted(made.made.input);
  EXPECT_EQ(wanted.tokens, (std::vector<std::size_t>{0, 1}));
  ASSERT_EQ(wanted.values.size(), 8U);
  EXPECT_EQ(wanted.values[4], made.vectors.values[7 * 4]);
}

TEST(VectorSpaceTest, NoneIsAnErrorThatNamesTheMethod) {
  EXPECT_TRUE(RequireVectors(Method::kFocus, std::vector<OldVector>(1)).ok());
  const Status status = RequireVectors(Method::kFocus, {});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(Message(status)).find("method focus"), std::string::npos);
}

}  // namespace
}  // namespace tokgraft
