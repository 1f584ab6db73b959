#include "vocab_merge/learn/unigram.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokenizer/load.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/learn/sentencepiece_trainer.h"
#include "vocab_merge/learn/valid_text.h"

namespace tokgraft {
namespace {

// The trainer passes over sentences of more than 4,192 bytes.
constexpr std::size_t kSentenceBytes = 4000;
constexpr std::uint64_t kMostPieces = std::uint64_t{1} << 24;

// The corpus in sentences, normalized and split as the base does it.
class Sentences {
 public:
  explicit Sentences(const Tokenizer& base) : base_(base) {}

  void Add(std::string_view document) {
    ForEachValid(document, [&](std::string_view text) {
      base_.ForEachWord(text, [&](std::string_view word) {
        if (!sentence_.empty() && sentence_.size() + word.size() > kSentenceBytes) End();
        // A byte-level base hands out the bytes of the text themselves.
        const Spelling spelling = base_.spec().spelling;
        sentence_ += spelling == Spelling::kByteLevel ? std::string(word)
                                                      : Unspell(spelling, word).value_or("");
      });
      End();
    });
  }
  std::vector<std::string> Take() && { return std::move(sentences_); }

 private:
  void End() {
    // Of blanks alone the trainer would make nothing.
    if (sentence_.find_first_not_of(' ') != std::string::npos) {
      sentences_.push_back(std::move(sentence_));
    }
    sentence_.clear();
  }

  const Tokenizer& base_;
  std::string sentence_;
  std::vector<std::string> sentences_;
};

std::vector<std::string> Read(const Tokenizer& base, const LearnOptions& options) {
  Sentences sentences(base);
  for (std::size_t i = 0; i < options.corpus.size(); ++i) {
    sentences.Add(options.corpus[i]);
    if (options.progress && ((i + 1) % 1024 == 0 || i + 1 == options.corpus.size())) {
      options.progress("read the donor corpus",
                       static_cast<double>(i + 1) / static_cast<double>(options.corpus.size()));
    }
  }
  return std::move(sentences).Take();
}

// How far the trainer is, by its log: "EM sub_iter=0 size=61234 obj=..." after each round. It
// starts from many pieces and throws some away in each round, by a constant factor, until as many
// are left as were asked for.
class TrainingProgress {
 public:
  explicit TrainingProgress(const LearnOptions& options) : options_(options) { Tell(0); }

  void Read(std::string_view line) {
    constexpr std::string_view kMark = " size=";
    const std::size_t at = line.find(kMark);
    if (line.find("EM sub_iter=") == line.npos || at == line.npos) return;
    std::uint64_t size = 0;
    std::from_chars(line.data() + at + kMark.size(), line.data() + line.size(), size);
    if (size == 0) return;
    if (first_ == 0) first_ = size;
    const double whole = std::log(static_cast<double>(first_) / static_cast<double>(options_.size));
    const double done = std::log(static_cast<double>(first_) / static_cast<double>(size));
    Tell(whole > 0 ? std::clamp(done / whole, 0.0, 1.0) : 1.0);
  }

 private:
  void Tell(double fraction) const {
    if (options_.progress) options_.progress("train a donor", fraction);
  }
  const LearnOptions& options_;
  std::uint64_t first_ = 0;
};

}  // namespace

StatusOr<TokenizerSpec> TrainUnigram(const TokenizerSpec& base, const LearnOptions& options) {
  if (options.size >= kMostPieces) {
    return InvalidArgumentError(Cat("donor size: it is ", options.size, ", less than ", kMostPieces,
                                    " pieces were expected for a Unigram base"));
  }
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(base));
  const std::vector<std::string> sentences = Read(tokenizer, options);
  if (sentences.empty()) {
    return InvalidArgumentError(
        "donor corpus: it has nothing but blanks, as the base normalizes it; text to learn pieces "
        "from was expected");
  }
  TrainingProgress progress(options);
  const TrainedModel trained =
      TrainSentencePiece({{"model_type", "unigram"},
                          {"vocab_size", std::to_string(options.size + 1)},  // and <unk>
                          {"hard_vocab_limit", "false"},
                          {"bos_id", "-1"},
                          {"eos_id", "-1"},
                          {"normalization_rule_name", "identity"},
                          {"add_dummy_prefix", "false"},  // the base has put its own there
                          {"remove_extra_whitespaces", "false"},
                          {"num_threads", "16"},
                          {"minloglevel", "0"}},
                         sentences, [&](std::string_view line) { progress.Read(line); });
  if (!trained.error.empty()) {
    return InvalidArgumentError(Cat("donor corpus: sentencepiece cannot train ", options.size,
                                    " pieces on it (", trained.error,
                                    "); give more text or another size"));
  }
  return LoadBytes(trained.model, "learnt donor");
}

}  // namespace tokgraft
