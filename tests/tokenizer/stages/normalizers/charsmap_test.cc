// The double-array trie of a charsmap, built unit by unit after its description in the header.
#include "tokenizer/stages/normalizers/charsmap.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tokgraft {
namespace {

std::string CharsmapBlob(const std::vector<std::uint32_t>& units, std::string_view texts) {
  std::string blob;
  const auto put = [&](std::uint32_t value) {
    for (int shift = 0; shift < 32; shift += 8) blob += static_cast<char>(value >> shift);
  };
  put(static_cast<std::uint32_t>(units.size() * 4));
  for (const std::uint32_t unit : units) put(unit);
  return blob + std::string(texts);
}

// Keys: "a" -> offset 0 and "ab" -> offset 2. The children of the root lie at 256 ^ byte.
std::vector<std::uint32_t> TwoKeys() {
  std::vector<std::uint32_t> units(1024);
  units[0] = 256U << 10;
  const std::uint32_t a = 256 ^ 'a';
  units[a] = 'a' | (1U << 8) | ((a ^ 512U) << 10);  // its leaf at 512, its children at 512 ^ byte
  units[512] = (1U << 31) | 0;
  const std::uint32_t ab = 512 ^ 'b';
  units[ab] = 'b' | (1U << 8) | ((ab ^ 768U) << 10);
  units[768] = (1U << 31) | 2;
  return units;
}
std::vector<std::pair<std::size_t, std::uint32_t>> PrefixesOf(const Charsmap& map,
                                                              std::string_view text) {
  std::vector<std::pair<std::size_t, std::uint32_t>> found;
  map.ForEachPrefix(text, [&](std::size_t length, std::uint32_t value) {
    found.emplace_back(length, value);
    return true;
  });
  return found;
}

TEST(CharsmapTest, FindsPrefixesShortestFirst) {
  const Charsmap map = Charsmap::Parse(CharsmapBlob(TwoKeys(), std::string("X\0Y\0", 4))).value();
  using Matches = std::vector<std::pair<std::size_t, std::uint32_t>>;
  EXPECT_EQ(PrefixesOf(map, "abc"), (Matches{{1, 0}, {2, 2}}));
  EXPECT_EQ(PrefixesOf(map, "a"), (Matches{{1, 0}}));
  EXPECT_EQ(PrefixesOf(map, "b"), Matches{});
  EXPECT_EQ(PrefixesOf(map, ""), Matches{});
  std::size_t calls = 0;
  map.ForEachPrefix("ab", [&](std::size_t, std::uint32_t) {
    ++calls;
    return false;
  });
  EXPECT_EQ(calls, 1U);
  EXPECT_TRUE(map.IsKey('a'));
  EXPECT_FALSE(map.IsKey('b'));
  EXPECT_FALSE(map.IsPlainBeforeAscii('a'));
  EXPECT_TRUE(map.IsPlainBeforeAscii('b'));
}

TEST(CharsmapTest, ReplacementsEndAtAZeroOrTheEnd) {
  const Charsmap map = Charsmap::Parse(CharsmapBlob({0}, std::string("X\0é\0", 5) + "end")).value();
  EXPECT_EQ(map.Replacement(0), "X");
  EXPECT_EQ(map.Replacement(1), "");
  EXPECT_EQ(map.Replacement(2), "é");
  EXPECT_EQ(map.Replacement(3), "");  // inside a character
  EXPECT_EQ(map.Replacement(5), "end");
  EXPECT_EQ(map.Replacement(8), "");  // outside
  EXPECT_EQ(map.Replacement(0x7FFFFFFF), "");
}

TEST(CharsmapTest, AnEmptyMapMapsNothing) {
  const Charsmap map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(PrefixesOf(map, "a").size(), 0U);
  EXPECT_FALSE(map.IsKey('a'));
  EXPECT_TRUE(map.IsPlainBeforeAscii('a'));
}

TEST(CharsmapTest, IndicesOutsideEndTheSearch) {
  std::vector<std::uint32_t> units(512);
  units[0] = 256U << 10;
  units[256 ^ 'a'] = 'a' | (1U << 8) | (0x1FFFFFU << 10);  // a leaf far away
  EXPECT_EQ(PrefixesOf(Charsmap::Parse(CharsmapBlob(units, "")).value(), "ab").size(), 0U);
  // The root's own children may lie outside, too; bit 9 shifts the offset by 8.
  EXPECT_EQ(
      PrefixesOf(Charsmap::Parse(CharsmapBlob({(1U << 10) | 0x200U}, "")).value(), "a").size(), 0U);
}

TEST(CharsmapTest, SizesThatContradictEachOther) {
  const auto error_of = [](const std::string& blob) {
    const Status status = Charsmap::Parse(blob).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(Message(status));
  };
  EXPECT_EQ(error_of(""), "precompiled_charsmap: 0 bytes, at least 4 were expected");
  EXPECT_EQ(error_of("abc"), "precompiled_charsmap: 3 bytes, at least 4 were expected");
  EXPECT_EQ(error_of(std::string(8, '\0')),
            "precompiled_charsmap: a trie of 0 bytes in 8, a multiple of 4 that fits was expected");
  EXPECT_EQ(error_of(std::string("\5\0\0\0", 4) + "12345"),
            "precompiled_charsmap: a trie of 5 bytes in 9, a multiple of 4 that fits was expected");
  EXPECT_EQ(error_of(std::string("\xFC\xFF\xFF\xFF", 4) + "1234"),
            "precompiled_charsmap: a trie of 4294967292 bytes in 8, a multiple of 4 that fits was "
            "expected");
  EXPECT_EQ(error_of(CharsmapBlob({0}, "\xFF")),
            "precompiled_charsmap: its replacements are not UTF-8");
}

}  // namespace
}  // namespace tokgraft
