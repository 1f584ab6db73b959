// All cuts of a text into Unigram pieces: the best one, and how often each piece is expected among
// them. In double, by the forward-backward algorithm.
#ifndef TOKGRAFT_VOCAB_MERGE_STRATEGIES_UNIGRAM_LATTICE_H_
#define TOKGRAFT_VOCAB_MERGE_STRATEGIES_UNIGRAM_LATTICE_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tokgraft {

class UnigramLattice {
 public:
  struct Entry {
    std::string spelling;
    double score = 0;
  };
  // `unknown_score`: of each character that no piece of one character has.
  UnigramLattice(const std::vector<Entry>& entries, double unknown_score);

  void SetScores(const std::vector<double>& scores, double unknown_score);
  // The score of the best cut of `text`, which is valid UTF-8; 0 for "".
  double Best(std::string_view text) const;
  // Adds to `expected` [entries], for each piece, how often it stands in a cut of `text`, cuts
  // weighted by their probability, times `weight`. Returns the logarithm of the sum of all cuts'
  // probabilities.
  double Expect(std::string_view text, double weight, std::vector<double>* expected) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  // Pieces that start at `at`, and the unknown character where there is none of one character:
  // visit(end, entry or kUnknown).
  static constexpr std::size_t kUnknown = ~std::size_t{0};
  template <typename Visit>
  void VisitPieces(std::string_view text, std::size_t at, Visit visit) const;
  double ScoreOf(std::size_t entry) const {
    return entry == kUnknown ? unknown_score_ : scores_[entry];
  }

  std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>> index_;
  std::vector<double> scores_;
  double unknown_score_ = 0;
  std::size_t longest_ = 0;
};

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_STRATEGIES_UNIGRAM_LATTICE_H_
