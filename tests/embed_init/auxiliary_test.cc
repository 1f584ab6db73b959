#include "embed_init/auxiliary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tokgraft {
namespace {

TEST(AuxiliaryTest, FilesAreThoseThatAreGiven) {
  EXPECT_THAT(FilesOf({}), ::testing::IsEmpty());
  EXPECT_THAT(FilesOf({.vectors = "v",
                       .base_vectors = "b",
                       .dictionary = "d",
                       .parallel = "p",
                       .vector_text = "t"}),
              ::testing::ElementsAre("v", "b", "d", "p", "t"));
  EXPECT_THAT(FilesOf({.parallel = "p"}), ::testing::ElementsAre("p"));
}

}  // namespace
}  // namespace tokgraft
