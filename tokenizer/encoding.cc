// Printable forms of what encoding gives.
#include "tokenizer/encoding.h"

#include "tokenizer/status.h"

namespace tokgraft {

std::string Encoding::DebugString() const {
  std::string out = Cat(ids.size(), " tokens:");
  for (std::size_t i = 0; i < ids.size(); ++i) {
    out += Cat(" ", ids[i]);
    if (i < offsets.size()) out += Cat("[", offsets[i].begin, ",", offsets[i].end, ")");
  }
  if (invalid_utf8 > 0) out += Cat("; ", invalid_utf8, " invalid UTF-8 sequences");
  return out;
}

std::string EncodingBatch::DebugString() const {
  const std::size_t documents = row_splits.empty() ? 0 : row_splits.size() - 1;
  std::string out = Cat(documents, " documents, ", ids.size(), " tokens");
  if (invalid_utf8 > 0) out += Cat(", ", invalid_utf8, " invalid UTF-8 sequences");
  return out;
}

}  // namespace tokgraft
