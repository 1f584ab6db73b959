// Reading word vectors in fastText's .vec format, block by block: the file may be larger than
// memory.
#ifndef TOKGRAFT_EMBED_INIT_ALIGNMENT_WORD_VECTORS_H_
#define TOKGRAFT_EMBED_INIT_ALIGNMENT_WORD_VECTORS_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/status.h"

namespace tokgraft {

struct WordBlock {
  std::uint64_t first = 0;              // rank of its first word, from 0
  std::vector<std::string_view> words;  // valid during the call
  std::vector<float> values;            // [words, columns]
  std::size_t columns = 0;
  double fraction = 0;  // of the file, after this block
  std::span<const float> vector(std::size_t i) const {
    return {values.data() + i * columns, columns};
  }
};

// Calls f with the words in order. InvalidArgument: no first line "<words> <dimension>", or a word
// with another number of numbers, an infinity or a NaN among them, or that is not UTF-8; the
// message names the line. DataLoss: fewer words than the first line says, or more. `threads` 0: all
// cores.
Status ForEachWordBlock(const std::string& path, int threads,
                        const std::function<void(const WordBlock&)>& f);

// The dimension, by the first line.
StatusOr<std::size_t> DimensionOfWords(const std::string& path);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_ALIGNMENT_WORD_VECTORS_H_
