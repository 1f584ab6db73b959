// GgufFile: what a GGUF file says before its tensors, kept so that a new version can be written.
//
// Load (load.h) reads the tokenizer inside such a file; this is for a program that changes the
// file around it: every key with its value as it lies in the file, and where every tensor lies.
//
//   StatusOr<GgufFile> file = ReadGgufFile(bytes, "model.gguf");
//   file->Find("general.architecture")->text;   // "llama"
//   file->tensors[0].name;                      // "token_embd.weight"
//
// Little-endian files of version 2 and 3 in one part; what is written is version 3.
#ifndef TOKGRAFT_TOKENIZER_GGUF_H_
#define TOKGRAFT_TOKENIZER_GGUF_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

struct GgufKey {
  std::string name;
  std::string value;                // type and value as they lie in the file, right behind the name
  std::optional<std::string> text;  // of a string
  std::optional<std::uint64_t> number;  // of a whole number of at least 0
  std::uint64_t count = 1;              // elements of an array
  friend bool operator==(const GgufKey&, const GgufKey&) = default;
};

// A number to put in place of another, in the type of `old`, a whole number that holds it.
GgufKey WithNumber(const GgufKey& old, std::uint64_t number);

struct GgufTensor {
  std::string name;
  std::vector<std::uint64_t> shape;  // the longest step first: [rows, columns]
  std::uint32_t type = 0;            // as ggml numbers them
  std::uint64_t begin = 0;           // first byte in the file; a multiple of the alignment
  friend bool operator==(const GgufTensor&, const GgufTensor&) = default;
};

struct GgufFile {
  std::vector<GgufKey> keys;        // in the order of the file; no name twice
  std::vector<GgufTensor> tensors;  // in the order of the file; no name twice
  std::uint64_t alignment = 32;     // of tensors
  std::uint64_t data_begin = 0;     // where tensors may start

  const GgufKey* Find(std::string_view name) const;  // nullptr: no such key
  friend bool operator==(const GgufFile&, const GgufFile&) = default;
};

// `name` stands in messages. DataLoss: truncated. InvalidArgument: malformed. Unimplemented: a
// version or byte order we lack, a file that is one of several parts.
StatusOr<GgufFile> ReadGgufFile(std::string_view bytes, const std::string& name);

// All bytes up to the first tensor of a file with these keys and tensors. `begin` of each tensor
// counts from there on (0 for the first), a multiple of the alignment.
std::string BuildGgufHeader(const GgufFile& file);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_GGUF_H_
