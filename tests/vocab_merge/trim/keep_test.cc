#include "vocab_merge/trim/keep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

std::vector<TokenId> Kept(const KeepSet& keep) {
  std::vector<TokenId> out;
  for (std::size_t id = 0; id < keep.size(); ++id) {
    if (keep.Has(static_cast<TokenId>(id))) out.push_back(static_cast<TokenId>(id));
  }
  return out;
}

TEST(KeepTest, EachIdCountsOnceUnderItsFirstReason) {
  KeepSet keep(3);
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  keep.Add(1, &first);
  keep.Add(1, &second);
  keep.Add(9, &second);  // there is none
  EXPECT_EQ(first, 1U);
  EXPECT_EQ(second, 0U);
  EXPECT_THAT(Kept(keep), ElementsAre(1U));
}

TEST(KeepTest, FoundationsAreSpecialTokensAndTheAlphabet) {
  TokenizerSpec spec = toy::ByteLevel({{"a", "b"}});
  spec.added_tokens.push_back({.id = 257, .content = "<end>", .special = true});
  KeepSet keep(spec.id_limit());
  std::uint64_t special = 0;
  std::uint64_t alphabet = 0;
  KeepFoundations(spec, &keep, &special, &alphabet);
  EXPECT_EQ(special, 1U);
  EXPECT_EQ(alphabet, 256U);
  EXPECT_FALSE(keep.Has(256));
}

TEST(KeepTest, JoinsOnTheWayStay) {
  const TokenizerSpec spec = toy::ByteLevel({{"a", "b"}, {"c", "d"}, {"ab", "cd"}});
  KeepSet keep(spec.id_limit());
  std::uint64_t asked = 0;
  std::uint64_t way = 0;
  keep.Add(258, &asked);
  ASSERT_TRUE(KeepIntermediates(spec, &keep, &way).ok());
  EXPECT_THAT(Kept(keep), ElementsAre(97U, 98U, 99U, 100U, 256U, 257U, 258U));
  EXPECT_EQ(way, 6U);
  const auto new_ids = NumberAnew(keep);
  EXPECT_EQ(new_ids[97], 0U);
  EXPECT_EQ(new_ids[258], 6U);
  EXPECT_EQ(new_ids[0], std::nullopt);
  EXPECT_EQ(RemovedPieces(spec, new_ids).size(), 252U);
}

}  // namespace
}  // namespace tokgraft
