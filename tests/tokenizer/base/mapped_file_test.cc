// A mapped file is its bytes for as long as a copy lives; what is no regular file is refused.
#include "tokenizer/base/mapped_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tokgraft {
namespace {

class MappedFileTest : public testing::Test {
 protected:
  MappedFileTest()
      : path_(testing::TempDir() + "mapped_" +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  ~MappedFileTest() override { std::filesystem::remove(path_); }
  void Put(std::string_view bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }
  std::string path_;
};

TEST_F(MappedFileTest, AnEmptyFileHasNoBytes) {
  EXPECT_TRUE(MappedFile().bytes().empty());
  Put("");
  const StatusOr<MappedFile> file = MappedFile::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_TRUE(file->bytes().empty());
}

TEST_F(MappedFileTest, CopiesShareTheBytesAlsoOfARemovedFile) {
  const std::string bytes = std::string("a\0b", 3) + std::string(10000, 'x');
  Put(bytes);
  MappedFile copy;
  {
    const MappedFile file = MappedFile::Open(path_).value();
    copy = file;
    EXPECT_EQ(copy.bytes().data(), file.bytes().data());
  }
  std::filesystem::remove(path_);
  EXPECT_EQ(copy.bytes(), bytes);
}

TEST_F(MappedFileTest, RefusesWhatIsNoFile) {
  const Status missing = MappedFile::Open(path_).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(missing), path_ + ": no such file; check the path");
  Put("x");
  const Status beneath = MappedFile::Open(path_ + "/f").status();  // a file is no directory
  EXPECT_EQ(beneath.code(), absl::StatusCode::kNotFound);
  const Status directory = MappedFile::Open(testing::TempDir()).status();
  EXPECT_EQ(directory.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Message(directory), testing::TempDir() + ": is a directory; name a file");
  EXPECT_EQ(MappedFile::Open("/dev/null").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tokgraft
