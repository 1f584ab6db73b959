// Files appear whole or not at all, and nothing is replaced unless forced.
#include "tokenizer/base/atomic_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>

namespace tokgraft {
namespace {

class AtomicFileTest : public testing::Test {
 protected:
  AtomicFileTest() {
    root_ = std::filesystem::path(testing::TempDir()) /
            Cat("atomic_", testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    path_ = (root_ / "f").string();
  }
  ~AtomicFileTest() override { std::filesystem::remove_all(root_); }
  static std::string Get(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(root_)) {
      names.insert(entry.path().filename());
    }
    return names;
  }
  std::string Exists() const {
    return path_ +
           ": exists already; choose another name, or force replacement (--force, force=True)";
  }
  std::filesystem::path root_;
  std::string path_;
};

using AtomicNames = std::set<std::string>;

TEST_F(AtomicFileTest, WritesTheBytesAndNothingBeside) {
  const std::string bytes("a\0b", 3);
  ASSERT_TRUE(WriteFileAtomically(path_, bytes, false).ok());
  EXPECT_EQ(Get(path_), bytes);
  EXPECT_EQ(Names(), AtomicNames{"f"});
  EXPECT_EQ(static_cast<unsigned>(std::filesystem::status(path_).permissions()), 0644U);
  ASSERT_TRUE(WriteFileAtomically((root_ / "empty").string(), "", false).ok());
  EXPECT_EQ(std::filesystem::file_size(root_ / "empty"), 0U);
}

TEST_F(AtomicFileTest, ReplacesOnlyByForce) {
  ASSERT_TRUE(WriteFileAtomically(path_, "old", false).ok());
  const Status refused = WriteFileAtomically(path_, "new", false);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Message(refused), Exists());
  EXPECT_EQ(Get(path_), "old");
  ASSERT_TRUE(WriteFileAtomically(path_, "new", true).ok());
  EXPECT_EQ(Get(path_), "new");
  EXPECT_EQ(Names(), AtomicNames{"f"});
}

TEST_F(AtomicFileTest, ALinkToNowhereIsAlsoThere) {
  std::filesystem::create_symlink("nowhere", path_);
  EXPECT_EQ(Message(WriteFileAtomically(path_, "x", false)), Exists());
}

TEST_F(AtomicFileTest, LeavesNothingWithoutCommit) {
  {
    AtomicFile file = AtomicFile::Create(path_, false).value();
    ASSERT_TRUE(file.Append("half").ok());
    EXPECT_EQ(file.size_bytes(), 4U);
    EXPECT_EQ(Names().size(), 1U);  // the temporary one
    EXPECT_FALSE(Names().contains("f"));
  }
  EXPECT_EQ(Names(), AtomicNames{});
}

TEST_F(AtomicFileTest, ANameThatAppearedMeanwhileIsKept) {
  {
    AtomicFile file = AtomicFile::Create(path_, false).value();
    ASSERT_TRUE(file.Append("mine").ok());
    std::ofstream(path_) << "theirs";
    const Status status = file.Commit();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(Message(status), Exists());
  }
  EXPECT_EQ(Get(path_), "theirs");
  EXPECT_EQ(Names(), AtomicNames{"f"});
}

TEST_F(AtomicFileTest, MovesWithItsTemporaryFile) {
  AtomicFile first = AtomicFile::Create(path_, false).value();
  ASSERT_TRUE(first.Append("1").ok());
  AtomicFile moved = std::move(first);
  AtomicFile other = AtomicFile::Create((root_ / "g").string(), false).value();
  other = std::move(moved);  // what it was writing is dropped
  EXPECT_EQ(Names().size(), 1U);
  ASSERT_TRUE(other.Append("2").ok());
  EXPECT_EQ(other.size_bytes(), 2U);
  ASSERT_TRUE(other.Commit().ok());
  EXPECT_EQ(Get(path_), "12");
  EXPECT_EQ(Names(), AtomicNames{"f"});
}

TEST_F(AtomicFileTest, ErrorsNameThePathAndTheSystemsWords) {
  const std::string path = (root_ / "no" / "f").string();
  const Status status = WriteFileAtomically(path, "x", false);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Message(status),
            path + ": cannot be created: No such file or directory; check the path");
  std::filesystem::create_directory(path_);
  const Status directory = WriteFileAtomically(path_, "x", true);
  EXPECT_EQ(directory.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Message(directory), path_ + ": cannot be renamed into place: Is a directory");
  EXPECT_EQ(Names(), AtomicNames{"f"});
}

}  // namespace
}  // namespace tokgraft
