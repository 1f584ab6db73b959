// A corpus in stretches of some 4 MB, so that the ids of a whole one are never held at once.
#ifndef TOKGRAFT_VOCAB_MERGE_EXTEND_BATCHES_H_
#define TOKGRAFT_VOCAB_MERGE_EXTEND_BATCHES_H_

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace tokgraft {

// In order, each at least one document.
inline std::vector<std::span<const std::string_view>> Batches(
    std::span<const std::string_view> documents) {
  constexpr std::size_t kBatchBytes = std::size_t{1} << 22;
  std::vector<std::span<const std::string_view>> out;
  for (std::size_t begin = 0; begin < documents.size();) {
    std::size_t end = begin;
    std::size_t bytes = 0;
    while (end < documents.size() && (end == begin || bytes < kBatchBytes)) {
      bytes += documents[end++].size();
    }
    out.push_back(documents.subspan(begin, end - begin));
    begin = end;
  }
  return out;
}

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_EXTEND_BATCHES_H_
