// The metadata of a GGUF file: keys with values, kept as views of the file.
//
// Read and checked in one pass; of arrays only the place is kept until they are asked for, so a
// file that claims 2^60 elements costs nothing. Little-endian, versions 2 and 3.
#ifndef TOKGRAFT_TOKENIZER_FORMATS_GGUF_METADATA_H_
#define TOKGRAFT_TOKENIZER_FORMATS_GGUF_METADATA_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

enum class GgufType : std::uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

struct GgufValue {
  GgufType type = GgufType::kUint8;
  GgufType element = GgufType::kUint8;  // of an array
  std::uint64_t count = 1;              // elements of an array
  std::string_view bytes;               // the value as it lies in the file; a string's text
  std::size_t offset = 0;               // of `bytes` in the file
};

class GgufMetadata {
 public:
  // `bytes` must outlive it. DataLoss: cut off; InvalidArgument: malformed; Unimplemented: version.
  static StatusOr<GgufMetadata> Parse(std::string_view bytes, const std::string& name);

  const std::map<std::string, GgufValue, std::less<>>& values() const { return values_; }
  std::uint64_t tensor_count() const { return tensor_count_; }
  std::size_t end() const { return end_; }  // the list of tensors begins here

  // nullopt: no such key. InvalidArgument: it is of another type.
  StatusOr<std::optional<std::string_view>> String(std::string_view key) const;
  StatusOr<std::optional<bool>> Bool(std::string_view key) const;
  StatusOr<std::optional<std::uint32_t>> Uint32(std::string_view key) const;
  StatusOr<std::optional<std::vector<std::string_view>>> Strings(std::string_view key) const;
  StatusOr<std::optional<std::vector<std::int32_t>>> Int32s(std::string_view key) const;
  // Of float32, or of int32 turned into it, as llama.cpp takes scores.
  StatusOr<std::optional<std::vector<float>>> Floats(std::string_view key) const;

  // InvalidArgument "<file>: <key>: <what>".
  Status Error(std::string_view key, std::string_view what) const;

 private:
  const GgufValue* Find(std::string_view key) const;
  Status WrongType(std::string_view key, const GgufValue& value, std::string_view expected) const;

  std::string name_;
  std::uint64_t tensor_count_ = 0;
  std::size_t end_ = 0;
  std::map<std::string, GgufValue, std::less<>> values_;
};

// The value as JSON text: numbers, booleans and strings; nullopt for an array.
std::optional<std::string> GgufScalarAsJson(const GgufValue& value);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_FORMATS_GGUF_METADATA_H_
