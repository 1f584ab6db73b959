// The directory of a zip archive (PKWARE's APPNOTE 6.3, zip64 included) whose entries are stored
// as they are: then each of them is a range of bytes of the file, and nothing is unpacked.
#ifndef TOKGRAFT_EMBED_INIT_PYTORCH_ZIP_H_
#define TOKGRAFT_EMBED_INIT_PYTORCH_ZIP_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

struct ZipEntry {
  std::string name;
  std::uint64_t begin = 0;  // its bytes are [begin, end) of the file
  std::uint64_t end = 0;
};

bool LooksLikeZip(std::string_view bytes);

// By name; no name twice, no overlap, every range inside the file. DataLoss: truncated.
// InvalidArgument: malformed, overlapping. Unimplemented: compressed or encrypted entries, by name.
StatusOr<std::vector<ZipEntry>> ReadZipDirectory(std::string_view bytes, const std::string& path);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_PYTORCH_ZIP_H_
