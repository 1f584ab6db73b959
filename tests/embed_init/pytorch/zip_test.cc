#include "embed_init/pytorch/zip.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/embed_init/pytorch/torch_file.h"

namespace tokgraft {
namespace {

using ::testing::HasSubstr;

std::string ZipErrorOf(const std::string& bytes) {
  const auto entries = ReadZipDirectory(bytes, "a.bin");
  return entries.ok() ? "" : std::string(Message(entries.status()));
}

TEST(Zip, GivesTheBytesOfStoredEntries) {
  for (const bool zip64 : {false, true}) {
    const std::string bytes =
        testing::ZipBytes({{"m/b", "12345"}, {"m/a", ""}, {"m/c", "6"}}, zip64);
    EXPECT_TRUE(LooksLikeZip(bytes));
    const auto entries = ReadZipDirectory(bytes, "a.bin");
    ASSERT_TRUE(entries.ok()) << entries.status();
    ASSERT_EQ(entries->size(), 3u);
    const auto text = [&](std::size_t i) {
      return bytes.substr((*entries)[i].begin, (*entries)[i].end - (*entries)[i].begin);
    };
    EXPECT_EQ((*entries)[0].name, "m/a");
    EXPECT_EQ(text(0), "");
    EXPECT_EQ(text(1), "12345");
    EXPECT_EQ(text(2), "6");
  }
}

TEST(Zip, RefusesCompressedAndEncryptedEntriesByName) {
  EXPECT_THAT(ZipErrorOf(testing::ZipBytes({{"m/a", "12345", 8}})),
              HasSubstr("entry m/a is compressed"));
  EXPECT_THAT(ZipErrorOf(testing::ZipBytes({{"m/a", "12345", 0, 1}})),
              HasSubstr("entry m/a is encrypted"));
}

TEST(Zip, RefusesOneNameTwiceAndOverlaps) {
  EXPECT_THAT(ZipErrorOf(testing::ZipBytes({{"m/a", "1"}, {"m/a", "2"}})),
              HasSubstr("m/a stands twice"));
  std::string bytes = testing::ZipBytes({{"m/a", "11"}, {"m/b", "22"}});
  // The second entry of the list leads to the first one's place, under its own name.
  const std::size_t second = bytes.rfind("PK\x01\x02");
  bytes.replace(second + 42, 4, testing::LittleEndian(0, 4));
  EXPECT_THAT(ZipErrorOf(bytes), HasSubstr("another name in its own header"));
  bytes.replace(second + 46, 3, "m/a");
  EXPECT_THAT(ZipErrorOf(bytes), HasSubstr("two entries overlap"));
}

TEST(Zip, RefusesAbsurdNumbers) {
  const std::string bytes = testing::ZipBytes({{"m/a", "12345"}}, true);
  const std::size_t end = bytes.rfind("PK\x06\x06");
  for (const std::size_t field : {32, 40, 48}) {  // entries, size and place of the list
    std::string broken = bytes;
    broken.replace(end + field, 8, std::string(8, '\xFF'));
    EXPECT_NE(ZipErrorOf(broken), "") << field;
  }
}

TEST(Zip, EveryTruncationAndEveryFlippedByteIsHandled) {
  std::mt19937 random(3);
  for (const bool zip64 : {false, true}) {
    const std::string bytes =
        testing::ZipBytes({{"m/data.pkl", "12345"}, {"m/data/0", "abc"}}, zip64);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      EXPECT_NE(ZipErrorOf(bytes.substr(0, size)), "") << size;
    }
    for (int round = 0; round < 5000; ++round) {
      std::string broken = bytes;
      broken[random() % broken.size()] = static_cast<char>(random());
      const auto entries = ReadZipDirectory(broken, "a.bin");
      if (!entries.ok()) continue;
      for (const ZipEntry& entry : *entries) {
        EXPECT_LE(entry.begin, entry.end);
        EXPECT_LE(entry.end, broken.size());
      }
    }
  }
}

}  // namespace
}  // namespace tokgraft
