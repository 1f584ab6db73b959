// A file mapped read-only into memory. Copies share the mapping.
#ifndef TOKGRAFT_TOKENIZER_BASE_MAPPED_FILE_H_
#define TOKGRAFT_TOKENIZER_BASE_MAPPED_FILE_H_

#include <memory>
#include <string>
#include <string_view>

#include "tokenizer/status.h"

namespace tokgraft {

class MappedFile {
 public:
  // NotFound: no such file; InvalidArgument: a directory or device; Internal: the system's words.
  static StatusOr<MappedFile> Open(const std::string& path);
  std::string_view bytes() const;  // valid while any copy lives

 private:
  struct Mapping;
  std::shared_ptr<const Mapping> mapping_;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_BASE_MAPPED_FILE_H_
