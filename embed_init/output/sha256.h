// SHA-256 of what is read or written, in hexadecimal.
#ifndef TOKGRAFT_EMBED_INIT_OUTPUT_SHA256_H_
#define TOKGRAFT_EMBED_INIT_OUTPUT_SHA256_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "tokenizer/status.h"

namespace tokgraft {

class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();
  void Update(std::string_view bytes);
  std::string Hex();  // once, at the end

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string Sha256Of(std::string_view bytes);

struct FileHash {
  std::uint64_t size_bytes = 0;
  std::string sha256 = {};
};
// Reads the file in blocks. NotFound; Internal: the system's words.
StatusOr<FileHash> HashFile(const std::string& path);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_OUTPUT_SHA256_H_
