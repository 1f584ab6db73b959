// The header of a safetensors file: 8 bytes of length (little endian), that much JSON, then the
// tensors end to end. Invariant of a parsed header: names are unique, every range has the length
// that dtype and shape say, and the ranges tile the rest of the file without gap or overlap.
#ifndef TOKGRAFT_EMBED_INIT_SAFETENSORS_HEADER_H_
#define TOKGRAFT_EMBED_INIT_SAFETENSORS_HEADER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "embed_init/checkpoint.h"
#include "tokenizer/status.h"

namespace tokgraft {

// More than the reference implementation accepts is not asked for memory.
inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

struct SafetensorsHeader {
  std::vector<TensorInfo> tensors;  // in the order of their bytes; ranges are of the whole file
  std::string metadata;             // the "__metadata__" object as JSON text; "" where absent
  std::uint64_t data_begin = 0;     // first byte after the header
  std::uint64_t file_bytes = 0;
};

// `file` is the name to record in the tensors, `path` where it is.
StatusOr<SafetensorsHeader> ReadSafetensorsHeader(const std::string& path, const std::string& file);

// Bytes of a tensor of this type and shape; nullopt: more than 2^63, or not a whole number.
std::optional<std::uint64_t> TensorBytes(DType dtype, const std::vector<std::uint64_t>& shape);

// The first bytes of a file (length, JSON, padding to 8) that holds `tensors` in this order; sets
// their ranges to where they will stand.
std::string BuildSafetensorsHeader(std::string_view metadata, std::vector<TensorInfo>* tensors);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_SAFETENSORS_HEADER_H_
