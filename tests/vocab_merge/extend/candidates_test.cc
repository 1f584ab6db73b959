#include "vocab_merge/extend/candidates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

TEST(CandidatesTest, ShorterFirstThenByIdAndWithoutUnknownIds) {
  const TokenizerSpec donor = toy::ByteLevel({{"a", "b"}, {"ab", "c"}, {"x", "y"}});
  const std::vector<Candidate> out = MakeCandidates(donor, {258, 257, 9999, 256});
  EXPECT_THAT(BytesOf(out), ElementsAre("ab", "xy", "abc"));
  EXPECT_EQ(out[1].donor_id, 258U);
}

}  // namespace
}  // namespace tokgraft
