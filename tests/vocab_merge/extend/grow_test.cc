#include "vocab_merge/extend/grow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(GrowTest, KeepsWhatHasAWitnessOnly) {
  const TokenizerSpec base = toy::ByteLevel({});  // letters and stops are kept apart
  const StatusOr<ChainBuilder> builder = ChainBuilder::Make(base);
  ASSERT_TRUE(builder.ok());
  const StatusOr<Grown> grown = Grow(base, *builder, {"ab", "a.", "xyz"}, {});
  ASSERT_TRUE(grown.ok()) << grown.status();
  EXPECT_THAT(grown->refused, ElementsAre(1U));
  ASSERT_EQ(grown->growth.pieces.size(), 3U);
  EXPECT_EQ(grown->growth.pieces[1].bytes, "xy");
  EXPECT_EQ(grown->growth.pieces[1].owner, 2U);  // indices are those of the caller
  EXPECT_THAT(grown->witnesses, ::testing::Each(::testing::Not(IsEmpty())));
  EXPECT_GT(grown->rounds, 1);
}

TEST(GrowTest, TheLimitIsNoRefusal) {
  const TokenizerSpec base = toy::ByteLevel({});
  const StatusOr<ChainBuilder> builder = ChainBuilder::Make(base);
  ASSERT_TRUE(builder.ok());
  const StatusOr<Grown> grown = Grow(base, *builder, {"ab", "xyz"}, {}, 2);
  ASSERT_TRUE(grown.ok()) << grown.status();
  EXPECT_EQ(grown->growth.pieces.size(), 1U);
  EXPECT_THAT(grown->refused, IsEmpty());
}

}  // namespace
}  // namespace tokgraft
