#include "tokenizer/base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace tokgraft {

struct MappedFile::Mapping {
  void* address = nullptr;
  std::size_t size = 0;
  Mapping() = default;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping() {
    if (address != nullptr) munmap(address, size);
  }
};

StatusOr<MappedFile> MappedFile::Open(const std::string& path) {
  // Not waiting: a pipe would be opened only when somebody writes to it.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    const std::string why = std::strerror(errno);
    if (errno == ENOENT || errno == ENOTDIR) {
      return NotFoundError(Cat(path, ": no such file; check the path"));
    }
    return InternalError(Cat(path, ": cannot be opened: ", why));
  }
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return InvalidArgumentError(
        Cat(path, S_ISDIR(info.st_mode) ? ": is a directory" : ": is not a regular file",
            "; name a file"));
  }
  auto mapping = std::make_shared<Mapping>();
  mapping->size = static_cast<std::size_t>(info.st_size);
  if (mapping->size > 0) {
    void* address = mmap(nullptr, mapping->size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (address == MAP_FAILED) {
      const std::string why = std::strerror(errno);
      close(fd);
      return InternalError(Cat(path, ": cannot be mapped: ", why));
    }
    mapping->address = address;
  }
  close(fd);
  MappedFile file;
  file.mapping_ = std::move(mapping);
  return file;
}

std::string_view MappedFile::bytes() const {
  if (mapping_ == nullptr || mapping_->size == 0) return {};
  return {static_cast<const char*>(mapping_->address), mapping_->size};
}

}  // namespace tokgraft
