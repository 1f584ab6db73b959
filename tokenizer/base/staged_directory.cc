#include "tokenizer/base/staged_directory.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "tokenizer/base/system_error.h"

namespace tokgraft {
namespace {

namespace fs = std::filesystem;

// For what the file system itself needs beside the files.
constexpr std::uint64_t kSpareBytes = 1 << 20;

bool Exists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

std::string WithoutSlashes(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

// True where `inner` is `outer` or stands somewhere below it.
bool Contains(const fs::path& outer, const fs::path& inner) {
  const auto [end, at] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return end == outer.end();
}

Status SyncDirectory(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError(path, "cannot be opened", errno);
  const int synced = fsync(fd);
  const int code = errno;
  close(fd);
  return synced == 0 ? absl::OkStatus() : SystemError(path, "cannot be synced", code);
}

Status SyncTree(const std::string& path) {
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(path, error)) {
    if (entry.is_directory()) TOKGRAFT_RETURN_IF_ERROR(SyncDirectory(entry.path().string()));
  }
  return SyncDirectory(path);
}

Status ExistsError(const std::string& out) {
  return FailedPreconditionError(Cat(
      out, ": exists already; choose another name, or force replacement (--force, force=True)"));
}

}  // namespace

Status CheckOutput(const OutputPlace& place) {
  const std::string& out = place.out;
  if (out.empty()) return InvalidArgumentError("output: is empty; name a directory");
  std::error_code error;
  const fs::path target = fs::weakly_canonical(WithoutSlashes(out), error);
  std::vector<std::string> inputs = place.inputs;
  bool clash = false;
  if (!place.model_dir.empty()) {
    clash = Contains(fs::weakly_canonical(WithoutSlashes(place.model_dir), error), target);
    inputs.insert(inputs.begin(), place.model_dir);
  }
  for (const std::string& input : inputs) {
    if (input.empty()) continue;
    clash = clash || Contains(target, fs::weakly_canonical(WithoutSlashes(input), error));
  }
  if (clash) {
    return InvalidArgumentError(Cat(out, ": is an input (", inputs.front(), " or what is given ",
                                    "beside it), inside it or around it; choose a place of its ",
                                    "own"));
  }
  if (!Exists(WithoutSlashes(out))) return absl::OkStatus();
  if (!place.force) return ExistsError(out);
  if (!fs::is_directory(target, error)) {
    return FailedPreconditionError(Cat(out, ": is a file; remove it yourself if it can go"));
  }
  if (fs::is_empty(target, error)) return absl::OkStatus();
  if (!fs::exists(target / place.mark, error)) {
    return FailedPreconditionError(Cat(out, ": was not written by tokgraft (it has no ", place.mark,
                                       "); remove it yourself if it can go"));
  }
  if (!place.but_not.empty() && fs::exists(target / place.but_not, error)) {
    return FailedPreconditionError(Cat(out, ": holds more than this would write (it has a ",
                                       place.but_not, "); remove it yourself if it can go"));
  }
  return absl::OkStatus();
}

StatusOr<StagedDirectory> StagedDirectory::Create(const std::string& out, bool force) {
  StagedDirectory staged;
  staged.out_ = WithoutSlashes(out);
  staged.force_ = force;
  const std::string parent = fs::path(staged.out_).parent_path().string();
  if (!parent.empty()) {
    std::error_code error;
    fs::create_directories(parent, error);
    if (error) return SystemError(parent, "cannot be created", error.value());
  }
  staged.temporary_ = staged.out_ + ".tmp-XXXXXX";
  if (mkdtemp(staged.temporary_.data()) == nullptr) {
    const int code = errno;
    staged.temporary_.clear();
    return SystemError(out, "cannot be created", code);
  }
  return staged;
}

StagedDirectory::StagedDirectory(StagedDirectory&& other) noexcept
    : out_(std::move(other.out_)),
      temporary_(std::exchange(other.temporary_, {})),
      force_(other.force_) {}

StagedDirectory::~StagedDirectory() {
  std::error_code error;
  if (!temporary_.empty()) fs::remove_all(temporary_, error);
}

Status StagedDirectory::MakeParents(const std::string& name) const {
  std::error_code error;
  const fs::path parent = (fs::path(temporary_) / name).parent_path();
  fs::create_directories(parent, error);
  return error ? SystemError(parent.string(), "cannot be created", error.value())
               : absl::OkStatus();
}

Status StagedDirectory::CheckSpace(std::uint64_t bytes) const {
  struct statvfs info {};
  if (statvfs(temporary_.c_str(), &info) != 0) return SystemError(out_, "cannot be asked", errno);
  const std::uint64_t free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  if (free >= bytes + kSpareBytes) return absl::OkStatus();
  return FailedPreconditionError(Cat(out_, ": needs ", bytes + kSpareBytes, " bytes, the disk has ",
                                     free, " left; free some space or choose another disk"));
}

Status StagedDirectory::Commit() {
  if (chmod(temporary_.c_str(), 0755) != 0) return SystemError(out_, "cannot be opened up", errno);
  TOKGRAFT_RETURN_IF_ERROR(SyncTree(temporary_));
  std::string old;
  if (force_ && Exists(out_)) {
    // One step where the file system can swap names; else the old output keeps a second name until
    // the new one is there.
    if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, out_.c_str(), RENAME_EXCHANGE) == 0) {
      old = std::exchange(temporary_, {});
    } else {
      old = temporary_ + "-old";
      if (rename(out_.c_str(), old.c_str()) != 0) {
        return SystemError(out_, "cannot be renamed", errno);
      }
      if (rename(temporary_.c_str(), out_.c_str()) != 0) {
        const int code = errno;
        if (rename(old.c_str(), out_.c_str()) != 0) {
          return SystemError(out_, Cat("cannot be replaced, the old output is now ", old), code);
        }
        return SystemError(out_, "cannot be replaced", code);
      }
      temporary_.clear();
    }
  } else if (renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, out_.c_str(), RENAME_NOREPLACE) ==
             0) {
    temporary_.clear();
  } else if (errno == EEXIST || Exists(out_)) {
    return ExistsError(out_);
  } else if (rename(temporary_.c_str(), out_.c_str()) == 0) {
    temporary_.clear();
  } else {
    return SystemError(out_, "cannot be renamed into place", errno);
  }
  std::error_code error;
  if (!old.empty()) fs::remove_all(old, error);
  const std::string parent = fs::path(out_).parent_path().string();
  return SyncDirectory(parent.empty() ? "." : parent);
}

}  // namespace tokgraft
