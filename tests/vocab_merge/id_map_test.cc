#include "vocab_merge/id_map.h"

#include <gtest/gtest.h>

namespace tokgraft {
namespace {

TEST(IdMapTest, DebugStringCounts) {
  EXPECT_EQ(IdMap{}.DebugString(), "IdMap{extend, 0 base ids, 0 merged, 0 added, 0 removed}");
}

}  // namespace
}  // namespace tokgraft
