#include "tokenizer/base/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <filesystem>

#include "tokenizer/base/system_error.h"

namespace tokgraft {
namespace {

bool Exists(const std::string& path) {
  struct stat info {};
  return lstat(path.c_str(), &info) == 0;
}

Status ExistsError(const std::string& path) {
  return FailedPreconditionError(Cat(
      path, ": exists already; choose another name, or force replacement (--force, force=True)"));
}

}  // namespace

StatusOr<AtomicFile> AtomicFile::Create(const std::string& path, bool force) {
  if (!force && Exists(path)) return ExistsError(path);
  AtomicFile file;
  file.path_ = path;
  file.force_ = force;
  file.temporary_ = Cat(path, ".XXXXXX.tmp");
  file.fd_ = mkostemps(file.temporary_.data(), 4, O_CLOEXEC);
  if (file.fd_ < 0) {
    Status error = SystemError(path, "cannot be created", errno);
    file.temporary_.clear();
    return error;
  }
  return file;
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept { *this = std::move(other); }

AtomicFile& AtomicFile::operator=(AtomicFile&& other) noexcept {
  if (this == &other) return *this;
  Discard();
  fd_ = std::exchange(other.fd_, -1);
  path_ = std::move(other.path_);
  temporary_ = std::exchange(other.temporary_, {});
  force_ = other.force_;
  size_bytes_ = other.size_bytes_;
  return *this;
}

AtomicFile::~AtomicFile() { Discard(); }

void AtomicFile::Discard() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  if (!temporary_.empty()) unlink(temporary_.c_str());
  temporary_.clear();
}

Status AtomicFile::Append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return SystemError(path_, "cannot be written", errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    size_bytes_ += static_cast<std::uint64_t>(written);
  }
  return absl::OkStatus();
}

Status AtomicFile::Commit() {
  if (fchmod(fd_, 0644) != 0 || fsync(fd_) != 0)
    return SystemError(path_, "cannot be synced", errno);
  const int closed = close(fd_);
  fd_ = -1;
  if (closed != 0) return SystemError(path_, "cannot be closed", errno);
  if (force_) {
    if (rename(temporary_.c_str(), path_.c_str()) != 0) {
      return SystemError(path_, "cannot be renamed into place", errno);
    }
  } else {
    // link fails where the name appeared in the meantime; rename would replace it.
    if (link(temporary_.c_str(), path_.c_str()) != 0) {
      if (errno == EEXIST) return ExistsError(path_);
      if (Exists(path_)) return ExistsError(path_);
      if (rename(temporary_.c_str(), path_.c_str()) != 0) {
        return SystemError(path_, "cannot be renamed into place", errno);
      }
    } else {
      unlink(temporary_.c_str());
    }
  }
  temporary_.clear();
  const std::string parent = std::filesystem::path(path_).parent_path().string();
  const int directory = open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_DIRECTORY);
  if (directory >= 0) {
    fsync(directory);
    close(directory);
  }
  return absl::OkStatus();
}

Status WriteFileAtomically(const std::string& path, std::string_view bytes, bool force) {
  TOKGRAFT_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::Create(path, force));
  TOKGRAFT_RETURN_IF_ERROR(file.Append(bytes));
  return file.Commit();
}

}  // namespace tokgraft
