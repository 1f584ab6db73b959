// Files of vectors as word2vec and fastText write them (see embed_init/auxiliary.h for the format).
#ifndef TOKGRAFT_EMBED_INIT_VECTORS_VECTOR_FILE_H_
#define TOKGRAFT_EMBED_INIT_VECTORS_VECTOR_FILE_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

struct VectorFile {
  std::size_t columns = 0;
  std::unordered_map<std::string, std::uint32_t> rows;  // by the text in the file
  std::vector<float> values;                            // [rows, columns]
  std::uint64_t lines = 0;                              // vectors in the file, wanted or not
  std::uint64_t repeated = 0;                           // of a text that stood there before
};

// Reads the whole file and keeps the vectors of the texts that `wants` says yes to, the first of
// each. `progress` is called with the fraction of the file that is read.
// Errors: those of ForEachWordBlock (alignment/word_vectors.h).
StatusOr<VectorFile> ReadVectorFile(const std::string& path,
                                    const std::function<bool(std::string_view)>& wants,
                                    const std::function<void(double)>& progress = {});

// How a token with these canonical bytes may be spelt in a file, the best first.
std::vector<std::string> SpellingsOf(std::string_view bytes);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_VECTORS_VECTOR_FILE_H_
