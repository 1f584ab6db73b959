#include "embed_init/auxiliary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokgraft {
namespace {

TEST(AuxiliaryTest, FilesAreThoseThatAreGiven) {
  EXPECT_THAT(FilesOf({}), ::testing::IsEmpty());
  EXPECT_THAT(FilesOf({.vectors = "v", .base_vectors = "b", .dictionary = "d", .parallel = "p"}),
              ::testing::ElementsAre("v", "b", "d", "p"));
  EXPECT_THAT(FilesOf({.parallel = "p"}), ::testing::ElementsAre("p"));
}

}  // namespace
}  // namespace tokgraft
