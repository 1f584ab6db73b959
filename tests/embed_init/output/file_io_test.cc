// Blocks are read in order and to the last byte, new files never replace old ones and know their
// hash, and links are what they say.
#include "embed_init/output/file_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/embed_init/random_model.h"

namespace tokgraft {
namespace {

TEST(FileIoTest, ARangeArrivesInBlocksAndInOrder) {
  const testing::TemporaryDirectory directory;
  std::string bytes(kBlockBytes + 10, '-');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % 251);
  testing::WriteText(directory / "f", bytes);
  const InputFile file = *InputFile::Open(directory / "f");
  EXPECT_EQ(file.size_bytes(), bytes.size());
  std::string read;
  std::vector<std::size_t> sizes;
  const auto collect = [&](std::string_view block) {
    read += block;
    sizes.push_back(block.size());
    return absl::OkStatus();
  };
  ASSERT_TRUE(file.ForEachBlock(3, bytes.size(), collect).ok());
  EXPECT_TRUE(read == bytes.substr(3));
  EXPECT_THAT(sizes, ::testing::Each(::testing::Le(kBlockBytes)));
  sizes.clear();
  ASSERT_TRUE(file.ForEachBlock(5, 5, collect).ok());
  EXPECT_THAT(sizes, ::testing::IsEmpty());
}

TEST(FileIoTest, AFileThatEndsTooSoonIsDataLoss) {
  const testing::TemporaryDirectory directory;
  testing::WriteText(directory / "f", "0123456789");
  const InputFile file = *InputFile::Open(directory / "f");
  const Status status = file.ForEachBlock(2, 15, [](std::string_view) { return absl::OkStatus(); });
  EXPECT_TRUE(absl::IsDataLoss(status));
  EXPECT_EQ(Message(status),
            directory /
                "f: byte 10: the file ends, 5 more bytes were expected; something else "
                "shortens it");
}

TEST(FileIoTest, AnErrorOfTheCallerStopsTheReading) {
  const testing::TemporaryDirectory directory;
  testing::WriteText(directory / "f", std::string(kBlockBytes + 1, 'x'));
  int calls = 0;
  const Status status =
      InputFile::Open(directory / "f")->ForEachBlock(0, kBlockBytes + 1, [&](std::string_view) {
        return ++calls, InternalError("enough");
      });
  EXPECT_EQ(Message(status), "enough");
  EXPECT_EQ(calls, 1);
}

TEST(FileIoTest, ANewFileKnowsItsHash) {
  const testing::TemporaryDirectory directory;
  HashedFile file = *HashedFile::Create(directory / "f");
  ASSERT_TRUE(file.Append("a").ok());
  ASSERT_TRUE(file.Append("").ok());
  ASSERT_TRUE(file.Append("bc").ok());
  const FileHash hash = *file.Close();
  EXPECT_EQ(hash.size_bytes, 3u);
  EXPECT_EQ(hash.sha256, Sha256Of("abc"));
  EXPECT_EQ(testing::ReadText(directory / "f"), "abc");
}

TEST(FileIoTest, NothingIsOverwritten) {
  const testing::TemporaryDirectory directory;
  testing::WriteText(directory / "mine", "mine");
  testing::WriteText(directory / "f", "other");
  EXPECT_EQ(Message(WriteNewFile(directory / "mine", "x").status()),
            directory / "mine: cannot be created: File exists");
  EXPECT_FALSE(CopyWithHash(directory / "f", directory / "mine").ok());
  EXPECT_FALSE(Reflink(directory / "f", directory / "mine"));
  EXPECT_FALSE(HardLink(directory / "f", directory / "mine"));
  EXPECT_EQ(testing::ReadText(directory / "mine"), "mine");
  EXPECT_EQ(Message(WriteNewFile(directory / "no/f", "x").status()),
            directory / "no/f: cannot be created: No such file or directory; check the path");
}

TEST(FileIoTest, ACopyIsTheSameBytesAndAFileOfItsOwn) {
  const testing::TemporaryDirectory directory;
  const std::string bytes(kBlockBytes + 7, 'y');
  testing::WriteText(directory / "f", bytes);
  const FileHash hash = *CopyWithHash(directory / "f", directory / "copy");
  EXPECT_EQ(hash.size_bytes, bytes.size());
  EXPECT_EQ(hash.sha256, Sha256Of(bytes));
  EXPECT_TRUE(testing::ReadText(directory / "copy") == bytes);
  testing::WriteText(directory / "copy", "changed");
  EXPECT_EQ(std::filesystem::file_size(directory / "f"), bytes.size());
}

// Where the file system has no shared blocks, nothing may be left under the new name.
TEST(FileIoTest, AReflinkIsWholeOrNotThere) {
  const testing::TemporaryDirectory directory;
  testing::WriteText(directory / "f", "abc");
  if (Reflink(directory / "f", directory / "clone")) {
    EXPECT_EQ(testing::ReadText(directory / "clone"), "abc");
    EXPECT_FALSE(std::filesystem::equivalent(directory / "f", directory / "clone"));
  } else {
    EXPECT_FALSE(std::filesystem::exists(directory / "clone"));
  }
  EXPECT_FALSE(Reflink(directory / "none", directory / "other"));
  EXPECT_FALSE(std::filesystem::exists(directory / "other"));
}

// The hub's cache stores models as symbolic links: a link to one would dangle in another place.
TEST(FileIoTest, AHardLinkIsToTheFileItself) {
  const testing::TemporaryDirectory directory;
  testing::WriteText(directory / "blob", "abc");
  std::filesystem::create_symlink("blob", directory / "name");
  ASSERT_TRUE(HardLink(directory / "name", directory / "linked"));
  EXPECT_FALSE(std::filesystem::is_symlink(directory / "linked"));
  EXPECT_TRUE(std::filesystem::equivalent(directory / "blob", directory / "linked"));
  EXPECT_EQ(std::filesystem::hard_link_count(directory / "blob"), 2u);
  EXPECT_FALSE(HardLink(directory / "none", directory / "other"));
}

}  // namespace
}  // namespace tokgraft
