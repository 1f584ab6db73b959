// merge-order: 2^-depth by the tree of merges, across other added tokens.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embed_init/methods/method.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// Base 0, 1, 2; 3 = 0+1, 4 = 3+2, 5 = 4+4, 6 has no merges.
IdMap Map() {
  IdMap map;
  map.base_size = 3;
  map.merged_size = 7;
  for (TokenId id = 0; id < 3; ++id) map.base_to_merged.emplace_back(id);
  const std::vector<std::vector<std::pair<TokenId, TokenId>>> merges = {
      {{0, 1}}, {{1, 2}, {3, 2}}, {{4, 4}}, {}};
  for (std::size_t i = 0; i < merges.size(); ++i) {
    AddedPiece piece;
    piece.id = static_cast<TokenId>(3 + i);
    piece.merges = merges[i];
    map.added.push_back(piece);
  }
  return map;
}

TEST(MergeOrderTest, BothHalvesOfEachMergeWeighTheSame) {
  const IdMap map = Map();
  const std::vector<std::optional<std::uint32_t>> old_of = {10, 11, 12, {}, {}, {}, {}};
  EXPECT_THAT(MergeOrderRow(map, 0, old_of), ElementsAre(Pair(10, 0.5), Pair(11, 0.5)));
  EXPECT_THAT(MergeOrderRow(map, 1, old_of),
              ElementsAre(Pair(10, 0.25), Pair(11, 0.25), Pair(12, 0.5)));
  EXPECT_THAT(MergeOrderRow(map, 2, old_of),
              ElementsAre(Pair(10, 0.125), Pair(11, 0.125), Pair(12, 0.25), Pair(10, 0.125),
                          Pair(11, 0.125), Pair(12, 0.25)));
  EXPECT_THAT(MergeOrderRow(map, 3, old_of), IsEmpty());
}

// An id map may be anybody's: a merge of itself ends.
TEST(MergeOrderTest, CirclesEnd) {
  IdMap map = Map();
  map.added[0].merges = {{3, 3}};
  EXPECT_THAT(MergeOrderRow(map, 0, std::vector<std::optional<std::uint32_t>>(7)), IsEmpty());
}

}  // namespace
}  // namespace tokgraft
