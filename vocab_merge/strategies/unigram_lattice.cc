#include "vocab_merge/strategies/unigram_lattice.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "tokenizer/text/utf8.h"

namespace tokgraft {
namespace {

constexpr double kNever = -std::numeric_limits<double>::infinity();

double LogAdd(double a, double b) {
  if (a < b) std::swap(a, b);
  return b == kNever ? a : a + std::log1p(std::exp(b - a));
}

}  // namespace

UnigramLattice::UnigramLattice(const std::vector<Entry>& entries, double unknown_score)
    : unknown_score_(unknown_score) {
  index_.reserve(entries.size());
  for (const Entry& entry : entries) {
    index_.emplace(entry.spelling, scores_.size());
    scores_.push_back(entry.score);
    longest_ = std::max(longest_, entry.spelling.size());
  }
}

void UnigramLattice::SetScores(const std::vector<double>& scores, double unknown_score) {
  scores_ = scores;
  unknown_score_ = unknown_score;
}

template <typename Visit>
void UnigramLattice::VisitPieces(std::string_view text, std::size_t at, Visit visit) const {
  const std::size_t character = std::min(Utf8Length(text[at]), text.size() - at);
  bool has_single = false;
  for (std::size_t end = at + character; end <= text.size() && end - at <= longest_;) {
    const auto entry = index_.find(text.substr(at, end - at));
    if (entry != index_.end()) {
      visit(end, entry->second);
      has_single |= end == at + character;
    }
    if (end == text.size()) break;
    end += std::min(Utf8Length(text[end]), text.size() - end);
  }
  if (!has_single) visit(at + character, kUnknown);
}

double UnigramLattice::Best(std::string_view text) const {
  std::vector<double> best(text.size() + 1, kNever);
  best[0] = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (best[at] == kNever) continue;
    VisitPieces(text, at, [&](std::size_t end, std::size_t entry) {
      best[end] = std::max(best[end], best[at] + ScoreOf(entry));
    });
  }
  return best[text.size()];
}

double UnigramLattice::Expect(std::string_view text, double weight,
                              std::vector<double>* expected) const {
  std::vector<double> forward(text.size() + 1, kNever);
  std::vector<double> backward(text.size() + 1, kNever);
  forward[0] = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (forward[at] == kNever) continue;
    VisitPieces(text, at, [&](std::size_t end, std::size_t entry) {
      forward[end] = LogAdd(forward[end], forward[at] + ScoreOf(entry));
    });
  }
  const double all = forward[text.size()];
  backward[text.size()] = 0;
  for (std::size_t at = text.size(); at-- > 0;) {
    if (forward[at] == kNever) continue;
    VisitPieces(text, at, [&](std::size_t end, std::size_t entry) {
      const double through = ScoreOf(entry) + backward[end];
      backward[at] = LogAdd(backward[at], through);
      if (entry != kUnknown) (*expected)[entry] += weight * std::exp(forward[at] + through - all);
    });
  }
  return all;
}

}  // namespace tokgraft
