#include "embed_init/output/file_io.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "tokenizer/base/system_error.h"

namespace tokgraft {

StatusOr<InputFile> InputFile::Open(const std::string& path) {
  InputFile file;
  file.path_ = path;
  // Not waiting: a pipe would be opened only when somebody writes to it.
  file.fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.fd_ < 0) return SystemError(path, "cannot be opened", errno);
  struct stat info {};
  if (fstat(file.fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
    return InvalidArgumentError(Cat(path, ": is not a regular file; name a file"));
  }
  file.size_bytes_ = static_cast<std::uint64_t>(info.st_size);
  return file;
}

InputFile::InputFile(InputFile&& other) noexcept { *this = std::move(other); }

InputFile& InputFile::operator=(InputFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(size_bytes_, other.size_bytes_);
  std::swap(path_, other.path_);
  return *this;
}

InputFile::~InputFile() {
  if (fd_ >= 0) close(fd_);
}

Status InputFile::ForEachBlock(std::uint64_t begin, std::uint64_t end,
                               const std::function<Status(std::string_view)>& f) const {
  std::string block(static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, end - begin)),
                    '\0');
  while (begin < end) {
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), end - begin));
    const ssize_t got = pread(fd_, block.data(), wanted, static_cast<off_t>(begin));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError(path_, "cannot be read", errno);
    if (got == 0) {
      return DataLossError(Cat(path_, ": byte ", begin, ": the file ends, ", end - begin,
                               " more bytes were expected; something else shortens it"));
    }
    TOKGRAFT_RETURN_IF_ERROR(f({block.data(), static_cast<std::size_t>(got)}));
    begin += static_cast<std::uint64_t>(got);
  }
  return absl::OkStatus();
}

StatusOr<HashedFile> HashedFile::Create(const std::string& path) {
  HashedFile file;
  file.path_ = path;
  file.fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file.fd_ < 0) return SystemError(path, "cannot be created", errno);
  return file;
}

HashedFile::HashedFile(HashedFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      hash_(std::move(other.hash_)),
      size_bytes_(other.size_bytes_) {}

HashedFile::~HashedFile() {
  if (fd_ >= 0) close(fd_);
}

Status HashedFile::Append(std::string_view bytes) {
  hash_.Update(bytes);
  size_bytes_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError(path_, "cannot be written", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

StatusOr<FileHash> HashedFile::Close() {
  if (fsync(fd_) != 0) return SystemError(path_, "cannot be synced", errno);
  if (close(std::exchange(fd_, -1)) != 0) return SystemError(path_, "cannot be closed", errno);
  return FileHash{size_bytes_, hash_.Hex()};
}

StatusOr<FileHash> WriteNewFile(const std::string& path, std::string_view bytes) {
  TOKGRAFT_ASSIGN_OR_RETURN(HashedFile file, HashedFile::Create(path));
  TOKGRAFT_RETURN_IF_ERROR(file.Append(bytes));
  return file.Close();
}

bool Reflink(const std::string& from, const std::string& to) {
  const int source = open(from.c_str(), O_RDONLY | O_CLOEXEC);
  if (source < 0) return false;
  const int target = open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (target < 0) {
    close(source);
    return false;
  }
  const bool cloned = ioctl(target, FICLONE, source) == 0 && fsync(target) == 0;
  close(source);
  close(target);
  if (!cloned) unlink(to.c_str());
  return cloned;
}

bool HardLink(const std::string& from, const std::string& to) {
  std::error_code error;
  // The file itself, not a symbolic link to it.
  const std::filesystem::path real = std::filesystem::canonical(from, error);
  return !error && link(real.c_str(), to.c_str()) == 0;
}

StatusOr<FileHash> CopyWithHash(const std::string& from, const std::string& to) {
  TOKGRAFT_ASSIGN_OR_RETURN(InputFile source, InputFile::Open(from));
  TOKGRAFT_ASSIGN_OR_RETURN(HashedFile target, HashedFile::Create(to));
  TOKGRAFT_RETURN_IF_ERROR(source.ForEachBlock(
      0, source.size_bytes(), [&](std::string_view block) { return target.Append(block); }));
  return target.Close();
}

}  // namespace tokgraft
