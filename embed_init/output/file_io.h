// Reading files in blocks, and writing them while hashing: memory does not grow with the file.
#ifndef TOKGRAFT_EMBED_INIT_OUTPUT_FILE_IO_H_
#define TOKGRAFT_EMBED_INIT_OUTPUT_FILE_IO_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "embed_init/output/sha256.h"
#include "tokenizer/status.h"

namespace tokgraft {

inline constexpr std::size_t kBlockBytes = std::size_t{4} << 20;

class InputFile {
 public:
  static StatusOr<InputFile> Open(const std::string& path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();
  std::uint64_t size_bytes() const { return size_bytes_; }
  int descriptor() const { return fd_; }
  // f for the blocks of bytes [begin, end), in order. DataLoss: the file ends before.
  Status ForEachBlock(std::uint64_t begin, std::uint64_t end,
                      const std::function<Status(std::string_view)>& f) const;

 private:
  InputFile() = default;
  int fd_ = -1;
  std::uint64_t size_bytes_ = 0;
  std::string path_;
};

// A new file (it must not exist) whose hash is known at the end. Not atomic: for files inside a
// directory that appears as a whole.
class HashedFile {
 public:
  static StatusOr<HashedFile> Create(const std::string& path);
  HashedFile(HashedFile&& other) noexcept;
  HashedFile& operator=(HashedFile&& other) noexcept = delete;
  HashedFile(const HashedFile&) = delete;
  HashedFile& operator=(const HashedFile&) = delete;
  ~HashedFile();
  Status Append(std::string_view bytes);
  StatusOr<FileHash> Close();  // synced to the disk

 private:
  HashedFile() = default;
  int fd_ = -1;
  std::string path_;
  Sha256 hash_;
  std::uint64_t size_bytes_ = 0;
};

// Creates `path` with these bytes, synced; returns their hash.
StatusOr<FileHash> WriteNewFile(const std::string& path, std::string_view bytes);

// `to` shares the blocks of `from` until one of them is written to (FICLONE). False where the file
// system cannot; then `to` does not exist.
bool Reflink(const std::string& from, const std::string& to);
// A second name of the same file; false where that is not possible.
bool HardLink(const std::string& from, const std::string& to);
StatusOr<FileHash> CopyWithHash(const std::string& from, const std::string& to);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_OUTPUT_FILE_IO_H_
