// The distinct words of a corpus, each with how often it stands there.
//
// A word is what Tokenizer::ForEachWord shows: no token crosses its ends. Each thread counts into a
// table of its own and the tables are added up at the end, so memory is bounded by the distinct
// words: their bytes, and 32 to 48 more for each, in the worst case once per thread.
#ifndef TOKGRAFT_VOCAB_MERGE_LEARN_WORDS_H_
#define TOKGRAFT_VOCAB_MERGE_LEARN_WORDS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace tokgraft {

class WordCounts {
 public:
  struct Word {
    std::uint64_t hash = 0;
    std::uint64_t offset = 0;  // of its bytes
    std::uint64_t count = 0;
    std::uint32_t size = 0;
  };

  void Add(std::string_view word, std::uint64_t count);
  void Add(const WordCounts& other);
  std::size_t size() const { return words_.size(); }
  std::string_view text(std::size_t index) const {
    return std::string_view(text_).substr(words_[index].offset, words_[index].size);
  }
  std::uint64_t count(std::size_t index) const { return words_[index].count; }

 private:
  void Add(std::string_view word, std::uint64_t hash, std::uint64_t count);
  void Grow();

  std::string text_;
  std::vector<Word> words_;
  std::vector<std::uint32_t> slots_;  // index + 1; 0: free
};

// `progress` is told the share of the corpus that is done, on the calling thread; may be empty.
// counts do not depend on the number of threads; the order of the words does.
WordCounts CountWords(const Tokenizer& tokenizer, std::span<const std::string_view> documents,
                      int threads, const std::function<void(double fraction)>& progress);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_LEARN_WORDS_H_
