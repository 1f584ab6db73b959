#include "tokenizer/base/staged_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace tokgraft {
namespace {

namespace fs = std::filesystem;

class StagedDirectoryTest : public testing::Test {
 protected:
  StagedDirectoryTest() {
    root_ = fs::path(testing::TempDir()) /
            Cat("staged_", testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(root_);
    fs::create_directories(root_);
    out_ = (root_ / "out").string();
  }
  ~StagedDirectoryTest() override { fs::remove_all(root_); }

  static void Put(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  static std::string Get(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  std::set<std::string> Names() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(root_)) names.insert(entry.path().filename());
    return names;
  }
  absl::StatusCode Check(bool force, const std::string& model_dir = "",
                         const std::string& input = "", std::string_view but_not = "") const {
    return CheckOutput({.out = out_,
                        .force = force,
                        .mark = "mark",
                        .but_not = but_not,
                        .model_dir = model_dir,
                        .inputs = {input}})
        .code();
  }

  fs::path root_;
  std::string out_;
};

TEST_F(StagedDirectoryTest, AppearsWholeAtCommit) {
  StatusOr<StagedDirectory> staged = StagedDirectory::Create(out_, false);
  ASSERT_TRUE(staged.ok());
  Put(staged->path() + "/a", "1");
  EXPECT_FALSE(fs::exists(out_));
  ASSERT_TRUE(staged->Commit().ok());
  EXPECT_EQ(Get(out_ + "/a"), "1");
  EXPECT_EQ(Names(), std::set<std::string>{"out"});
}

TEST_F(StagedDirectoryTest, LeavesNothingWithoutCommit) {
  { Put(StagedDirectory::Create(out_, false)->path() + "/a", "1"); }
  EXPECT_TRUE(Names().empty());
}

TEST_F(StagedDirectoryTest, ReplacesTheWholeDirectoryOnlyByForce) {
  Put(out_ + "/old", "1");
  for (const bool force : {false, true}) {
    StatusOr<StagedDirectory> staged = StagedDirectory::Create(out_, force);
    Put(staged->path() + "/new", "2");
    EXPECT_EQ(staged->Commit().ok(), force);
    EXPECT_EQ(fs::exists(out_ + "/old"), !force);
    EXPECT_EQ(fs::exists(out_ + "/new"), force);
  }
  EXPECT_EQ(Names(), std::set<std::string>{"out"});
}

TEST_F(StagedDirectoryTest, ForeseesAFullDisk) {
  const StatusOr<StagedDirectory> staged = StagedDirectory::Create(out_, false);
  EXPECT_TRUE(staged->CheckSpace(1).ok());
  EXPECT_EQ(staged->CheckSpace(std::uint64_t{1} << 60).code(),
            absl::StatusCode::kFailedPrecondition);
}

TEST_F(StagedDirectoryTest, WhatMayBeReplaced) {
  EXPECT_EQ(Check(false), absl::StatusCode::kOk);
  fs::create_directories(out_);
  EXPECT_EQ(Check(false), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Check(true), absl::StatusCode::kOk);
  Put(out_ + "/precious", "mine");
  EXPECT_EQ(Check(true), absl::StatusCode::kFailedPrecondition);
  Put(out_ + "/mark", "");
  EXPECT_EQ(Check(true), absl::StatusCode::kOk);
  EXPECT_EQ(Check(true, "", "", "precious"), absl::StatusCode::kFailedPrecondition);
}

TEST_F(StagedDirectoryTest, KeepsOffItsInputs) {
  EXPECT_EQ(Check(false, "", out_ + "/model/x"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Check(false, "", out_ + "/"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Check(false, root_.string()), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Check(false, "", root_.string()), absl::StatusCode::kOk);
  EXPECT_EQ(Check(false, (root_ / "model").string()), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace tokgraft
