// The system's errors by what a user can do about them.
#include "tokenizer/base/system_error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace tokgraft {
namespace {

TEST(SystemErrorTest, SpacePathsAndTheRest) {
  for (const int code : {ENOSPC, EDQUOT, EFBIG}) {
    EXPECT_EQ(SystemError("f", "x", code).code(), absl::StatusCode::kFailedPrecondition) << code;
  }
  EXPECT_EQ(Message(SystemError("dir/f", "cannot be written", ENOSPC)),
            "dir/f: cannot be written: No space left on device; free some space and run again");
  for (const int code : {ENOENT, ENOTDIR}) {
    EXPECT_EQ(SystemError("f", "x", code).code(), absl::StatusCode::kNotFound) << code;
  }
  EXPECT_EQ(Message(SystemError("f", "cannot be created", ENOTDIR)),
            "f: cannot be created: Not a directory; check the path");
  const Status other = SystemError("f", "cannot be synced", EIO);
  EXPECT_EQ(other.code(), absl::StatusCode::kInternal);
  EXPECT_EQ(Message(other), "f: cannot be synced: Input/output error");
}

}  // namespace
}  // namespace tokgraft
