// Precompiled at its own edges: the shortest prefix decides, a cluster is looked up whole below six
// bytes, and removals leave their traces in the origins. (Maps of many keys: normalize_test.)
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tokenizer/stages/normalizers/step_texts.h"

namespace tokgraft {
namespace {

// A map of the single key `byte`.
NormalizerStepPtr PrecompiledOf(unsigned char byte, std::string_view text) {
  std::vector<std::uint32_t> units(768);
  units[0] = 256U << 10;
  const std::uint32_t node = 256U ^ byte;
  units[node] = byte | (1U << 8) | ((node ^ 512U) << 10);
  units[512] = 1U << 31;
  std::string map;
  const auto put = [&](std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) map += static_cast<char>(value >> shift);
  };
  put(static_cast<std::uint32_t>(units.size() * 4));
  for (const std::uint32_t unit : units) put(unit);
  map += text;
  return MakePrecompiled({.charsmap = map + '\0'}).value();
}

TEST(PrecompiledTest, TextWithoutAKeyIsUnchanged) {
  const NormalizerStepPtr step = PrecompiledOf('a', "X");
  EXPECT_EQ(step_texts::Applied(*step, ""), "(unchanged)");
  EXPECT_EQ(step_texts::Applied(*step, "bé\r\n"), "(unchanged)");
  EXPECT_EQ(step_texts::Applied(*step, "ba"), "bX");
}

TEST(PrecompiledTest, AClusterOfFiveBytesIsOneOfSixIsCharacters) {
  const NormalizerStepPtr step = PrecompiledOf('a', "X");
  EXPECT_EQ(step_texts::Applied(*step, "a\u0301\u0301b"), "Xb");              // 5 bytes
  EXPECT_EQ(step_texts::Applied(*step, "a\u0301\u20DDb"), "X\u0301\u20DDb");  // 6 bytes
  // CR LF is a cluster as well.
  EXPECT_EQ(step_texts::Applied(*PrecompiledOf('\r', " "), "a\r\nb\r"), "a b ");
}

TEST(PrecompiledTest, AZeroByteEndsTheKey) {
  const std::string text("\0a", 2);
  EXPECT_EQ(step_texts::Applied(*PrecompiledOf('a', "X"), text), std::string("\0X", 2));
}

TEST(PrecompiledTest, WhatIsAddedOrRemovedKeepsTheOrigins) {
  EXPECT_EQ(step_texts::Origins(*PrecompiledOf('a', "XY"), "ab"),
            (std::vector<Span>{{0, 1}, {0, 1}, {1, 2}}));
  EXPECT_EQ(step_texts::Origins(*PrecompiledOf('a', ""), "bac"),
            (std::vector<Span>{{0, 1}, {2, 3}}));
  EXPECT_EQ(step_texts::Applied(*PrecompiledOf('a', ""), "a"), "");
}

TEST(PrecompiledTest, ABrokenMapIsRefused) {
  EXPECT_EQ(Message(MakePrecompiled({.charsmap = "x"}).status()),
            "precompiled_charsmap: 1 bytes, at least 4 were expected");
}

}  // namespace
}  // namespace tokgraft
