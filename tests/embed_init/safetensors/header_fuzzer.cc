// Any bytes as a safetensors file: refused, or a header whose tensors tile the file, and which is
// the same after it is written again.
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "embed_init/safetensors/header.h"

namespace tokgraft {
namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// A file in memory that has a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : fd_(memfd_create("fuzz", MFD_CLOEXEC)) {
    Require(write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(fd_); }
  std::string path() const { return Cat("/proc/self/fd/", fd_); }

 private:
  int fd_;
};

void ReadAndWriteAgain(std::string_view bytes) {
  const MemoryFile file(bytes);
  const auto header = ReadSafetensorsHeader(file.path(), "fuzz");
  if (!header.ok()) {
    Require(Message(header.status()).starts_with(file.path()));
    return;
  }
  std::uint64_t position = header->data_begin;
  for (const TensorInfo& tensor : header->tensors) {
    Require(tensor.begin == position && tensor.end >= tensor.begin);
    position = tensor.end;
  }
  Require(position == bytes.size());

  std::vector<TensorInfo> tensors = header->tensors;
  std::string again = BuildSafetensorsHeader(header->metadata, &tensors);
  again.append(bytes.substr(header->data_begin));
  const MemoryFile second(again);
  const auto reread = ReadSafetensorsHeader(second.path(), "fuzz");
  Require(reread.ok() && reread->tensors.size() == header->tensors.size());
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].size_bytes() == 0) continue;  // several can stand at one place, in any order
    Require(reread->tensors[i].name == header->tensors[i].name);
    Require(reread->tensors[i].shape == header->tensors[i].shape);
  }
}

}  // namespace
}  // namespace tokgraft

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tokgraft::ReadAndWriteAgain({reinterpret_cast<const char*>(data), size});
  return 0;
}
