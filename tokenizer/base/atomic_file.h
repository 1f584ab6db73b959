// Files that appear whole or not at all: temporary name beside the target, fsync, rename, and a
// sync of the directory.
#ifndef TOKGRAFT_TOKENIZER_BASE_ATOMIC_FILE_H_
#define TOKGRAFT_TOKENIZER_BASE_ATOMIC_FILE_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "tokenizer/status.h"

namespace tokgraft {

// Writes `bytes` to `path`. FailedPrecondition: it exists and `force` is false, or the disk is
// full; Internal: any other word of the system. The temporary file is removed on failure.
Status WriteFileAtomically(const std::string& path, std::string_view bytes, bool force);

// A file written piece by piece: Append..., then Commit, which makes it appear under its name.
// Destroyed without Commit it leaves nothing.
class AtomicFile {
 public:
  static StatusOr<AtomicFile> Create(const std::string& path, bool force);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&& other) noexcept;
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  Status Append(std::string_view bytes);
  Status Commit();
  std::uint64_t size_bytes() const { return size_bytes_; }

 private:
  AtomicFile() = default;
  void Discard();
  int fd_ = -1;
  std::string path_;
  std::string temporary_;
  bool force_ = false;
  std::uint64_t size_bytes_ = 0;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_BASE_ATOMIC_FILE_H_
