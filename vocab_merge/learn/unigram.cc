#include "vocab_merge/learn/unigram.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "tokenizer/load.h"
#include "tokenizer/tokenizer.h"
#include "vocab_merge/learn/sentencepiece_trainer.h"

namespace tokgraft {
namespace {

// The trainer passes over sentences of more than 4,192 bytes.
constexpr std::size_t kSentenceBytes = 4000;

// The corpus in sentences, normalized and split as the base does it.
class Reader {
 public:
  Reader(const Tokenizer& base, const LearnOptions& options) : base_(base), options_(options) {}

  bool Next(std::string* sentence) {
    while (ready_.empty()) {
      if (document_ == options_.corpus.size()) return false;
      Read(options_.corpus[document_++]);
      if (options_.progress && (document_ % 1024 == 0 || document_ == options_.corpus.size())) {
        options_.progress("read the donor corpus", static_cast<double>(document_) /
                                                       static_cast<double>(options_.corpus.size()));
      }
    }
    *sentence = std::move(ready_.front());
    ready_.pop_front();
    return true;
  }

 private:
  void Read(std::string_view document) {
    std::string sentence;
    base_.ForEachWord(document, [&](std::string_view word) {
      if (!sentence.empty() && sentence.size() + word.size() > kSentenceBytes) Add(&sentence);
      sentence += Unspell(base_.spec().spelling, word).value_or("");
    });
    Add(&sentence);
  }
  void Add(std::string* sentence) {
    if (!sentence->empty()) ready_.push_back(std::move(*sentence));
    sentence->clear();
  }

  const Tokenizer& base_;
  const LearnOptions& options_;
  std::size_t document_ = 0;
  std::deque<std::string> ready_;
};

}  // namespace

StatusOr<TokenizerSpec> TrainUnigram(const TokenizerSpec& base, const LearnOptions& options) {
  TOKGRAFT_ASSIGN_OR_RETURN(const Tokenizer tokenizer, Compile(base));
  Reader reader(tokenizer, options);
  bool told = false;
  const TrainedModel trained =
      TrainSentencePiece({{"model_type", "unigram"},
                          {"vocab_size", std::to_string(options.size + 1)},  // and <unk>
                          {"hard_vocab_limit", "false"},
                          {"bos_id", "-1"},
                          {"eos_id", "-1"},
                          {"normalization_rule_name", "identity"},
                          {"num_threads", "16"},
                          {"minloglevel", "3"}},
                         [&](std::string* sentence) {
                           if (reader.Next(sentence)) return true;
                           if (options.progress && !std::exchange(told, true))
                             options.progress("train a donor", 0);
                           return false;
                         });
  if (!trained.error.empty()) {
    return InvalidArgumentError(Cat("donor corpus: sentencepiece cannot train ", options.size,
                                    " pieces on it: ", trained.error,
                                    "; give more text or another size"));
  }
  return LoadBytes(trained.model, "learnt donor");
}

}  // namespace tokgraft
