#include "tokenizer/status.h"

#include <gtest/gtest.h>

namespace tokgraft {
namespace {

TEST(StatusTest, CatJoinsTextAndNumbers) {
  EXPECT_EQ(Cat("id ", 5, ' ', std::size_t{7}, " ", -1, " ", 0.5), "id 5 7 -1 0.5");
}

TEST(StatusTest, WithPlacePrefixesTheMessageAndKeepsTheCode) {
  const Status status = WithPlace(DataLossError("cut short"), "a.model");
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Message(status), "a.model: cut short");
  EXPECT_TRUE(WithPlace(absl::OkStatus(), "a").ok());
}

}  // namespace
}  // namespace tokgraft
