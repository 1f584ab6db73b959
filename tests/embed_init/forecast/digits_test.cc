#include "embed_init/forecast/digits.h"

#include <gtest/gtest.h>

#include "tests/vocab_merge/toy.h"

namespace tokgraft {
namespace {

TEST(DigitPolicyTest, OneDigitAToken) {
  EXPECT_EQ(DigitPolicyOf(*Compile(toy::ByteLevel({{"a", "b"}}))),
            (DigitPolicy{.longest = 1, .joins_space = false}));
}

TEST(DigitPolicyTest, JoinsOfDigitsAndSpacesAreSeen) {
  // 1, 8, 19, 35, 59, 95, 149, 230, ...
  EXPECT_EQ(DigitPolicyOf(*Compile(toy::ByteLevel({{"1", "9"}}))),
            (DigitPolicy{.longest = 2, .joins_space = false}));
  EXPECT_EQ(DigitPolicyOf(*Compile(toy::ByteLevel({{"1", "4"}, {"14", "9"}, {" ", "9"}}))),
            (DigitPolicy{.longest = 3, .joins_space = true}));
}

}  // namespace
}  // namespace tokgraft
