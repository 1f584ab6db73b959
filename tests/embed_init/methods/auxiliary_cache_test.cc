#include "embed_init/methods/auxiliary_cache.h"

#include <gtest/gtest.h>

namespace tokgraft {
namespace {

TEST(AuxiliaryCacheTest, AFileThatLacksIsNamedByItsOption) {
  EXPECT_TRUE(RequireFile("m", "file", "--f", "words").ok());
  const Status lacks = RequireFile("m", "", "--f", "words");
  EXPECT_TRUE(absl::IsInvalidArgument(lacks));
  EXPECT_EQ(Message(lacks),
            "method m: needs words, no file was given; give --f FILE, or choose another method");
}

}  // namespace
}  // namespace tokgraft
