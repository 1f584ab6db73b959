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
  // 7, 28, 91, 280, 847, 2548, 7651, ...
  EXPECT_EQ(DigitPolicyOf(*Compile(toy::ByteLevel({{"2", "8"}}))),
            (DigitPolicy{.longest = 2, .joins_space = false}));
  EXPECT_EQ(DigitPolicyOf(*Compile(toy::ByteLevel({{"2", "8"}, {"28", "0"}, {" ", "9"}}))),
            (DigitPolicy{.longest = 3, .joins_space = true}));
}

}  // namespace
}  // namespace tokgraft
