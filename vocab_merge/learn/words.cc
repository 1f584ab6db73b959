#include "vocab_merge/learn/words.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "tokenizer/base/parallel.h"
#include "vocab_merge/learn/valid_text.h"

namespace tokgraft {
namespace {

// Documents are handed out in groups of about this size.
constexpr std::size_t kGroupBytes = std::size_t{1} << 18;
// After so many groups the caller hears of it.
constexpr std::size_t kGroupsPerStep = 64;

}  // namespace

void WordCounts::Grow() {
  std::vector<std::uint32_t> slots(slots_.empty() ? std::size_t{1} << 12 : slots_.size() * 2);
  const std::size_t mask = slots.size() - 1;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    std::size_t at = static_cast<std::size_t>(words_[i].hash) & mask;
    while (slots[at] != 0) at = (at + 1) & mask;
    slots[at] = static_cast<std::uint32_t>(i + 1);
  }
  slots_ = std::move(slots);
}

void WordCounts::Add(std::string_view word, std::uint64_t hash, std::uint64_t count) {
  if (slots_.size() < 2 * (words_.size() + 1)) Grow();
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t at = static_cast<std::size_t>(hash) & mask;; at = (at + 1) & mask) {
    if (slots_[at] == 0) {
      words_.push_back({.hash = hash,
                        .offset = text_.size(),
                        .count = count,
                        .size = static_cast<std::uint32_t>(word.size())});
      text_.append(word);
      slots_[at] = static_cast<std::uint32_t>(words_.size());
      return;
    }
    Word& known = words_[slots_[at] - 1];
    if (known.hash == hash && text(slots_[at] - 1) == word) {
      known.count += count;
      return;
    }
  }
}

void WordCounts::Add(std::string_view word, std::uint64_t count) {
  Add(word, std::hash<std::string_view>()(word), count);
}

void WordCounts::Add(const WordCounts& other) {
  for (std::size_t i = 0; i < other.size(); ++i) {
    Add(other.text(i), other.words_[i].hash, other.words_[i].count);
  }
}

WordCounts CountWords(const Tokenizer& tokenizer, std::span<const std::string_view> documents,
                      int threads, const std::function<void(double fraction)>& progress) {
  std::vector<std::size_t> begins = {0};
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < documents.size(); ++i) {
    bytes += documents[i].size();
    if (bytes < kGroupBytes || i + 1 == documents.size()) continue;
    begins.push_back(i + 1);
    bytes = 0;
  }
  begins.push_back(documents.size());

  std::mutex mutex;
  std::vector<WordCounts> idle;  // tables that no thread is using
  const std::size_t groups = begins.size() - 1;
  for (std::size_t step = 0; step < groups; step += kGroupsPerStep) {
    const std::size_t step_end = std::min(groups, step + kGroupsPerStep);
    ParallelFor(step_end - step, 1, threads, [&](std::size_t begin, std::size_t end) {
      WordCounts counts;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        if (!idle.empty()) {
          counts = std::move(idle.back());
          idle.pop_back();
        }
      }
      for (std::size_t i = begins[step + begin]; i < begins[step + end]; ++i) {
        ForEachValid(documents[i], [&](std::string_view text) {
          tokenizer.ForEachWord(text, [&](std::string_view word) { counts.Add(word, 1); });
        });
      }
      const std::lock_guard<std::mutex> lock(mutex);
      idle.push_back(std::move(counts));
    });
    if (progress) progress(static_cast<double>(step_end) / static_cast<double>(groups));
  }
  if (idle.empty()) return {};
  WordCounts out = std::move(idle.back());
  for (idle.pop_back(); !idle.empty(); idle.pop_back()) out.Add(idle.back());
  return out;
}

}  // namespace tokgraft
