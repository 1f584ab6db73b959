// Which shared tokens count, and how many there have to be.
#include "embed_init/methods/donor_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/embed_init/made_input.h"

namespace tokgraft {
namespace {

using ::testing::ElementsAre;

TEST(DonorSpaceTest, RowsThatSayNothingAreLeftOut) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  testing::MadeInput made({1, 1, 2, 2, 0, 0, 4, 4, 5, 5}, 2);
  made.SetDonor({1, 3, nan, 0, 1, 1, 3, 5, 7, 7, 9, 9, 0, 0}, 2, 5);
  made.input.hidden = {false, false, false, false, true};
  const DonorSpace space = *OpenDonorSpace(made.input, true);
  EXPECT_THAT(space.anchors, ElementsAre(Anchor{0, 0}, Anchor{3, 3}));
  EXPECT_THAT(space.mean, ElementsAre(2, 4));
  EXPECT_THAT(space.rows, ElementsAre(-1, -1, 1, 1));
  EXPECT_THAT(OpenDonorSpace(made.input, false)->rows, ElementsAre(1, 3, 3, 5));
  const DonorRows wanted = RowsInDonor(made.input, space);  // rows 5 and 6, the last of zeros
  EXPECT_THAT(wanted.tokens, ElementsAre(0));
  EXPECT_THAT(wanted.rows, ElementsAre(7, 5));
}

TEST(DonorSpaceTest, TooFewSharedTokensAreRefused) {
  testing::MadeInput made(testing::RandomRows(5, 2, 1), 2);
  made.SetDonor(testing::RandomRows(6, 2, 2), 2, 4);
  made.options.settings.min_anchors = 5;
  const Status refused = OpenDonorSpace(made.input, true).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(Message(refused),
            "donor model: shares 4 tokens with the model that have rows in both, 5 were expected "
            "to find a way between them; choose a method without a donor model, or set "
            "min_anchors lower");
}

TEST(DonorSpaceTest, UnitRowsKeepTheirNorms) {
  std::vector<float> rows = {3, 4, 0, 0};
  EXPECT_THAT(ToUnitRows(2, &rows), ElementsAre(5, 0));
  EXPECT_THAT(rows, ElementsAre(0.6F, 0.8F, 0, 0));
}

}  // namespace
}  // namespace tokgraft
