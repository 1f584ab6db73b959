#include "vocab_merge/learn/sentencepiece_trainer.h"

#include <sentencepiece_trainer.h>

namespace tokgraft {
namespace {

class Sentences : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(const std::function<bool(std::string*)>& next) : next_(next) { Next(); }
  bool done() const override { return done_; }
  void Next() override { done_ = !next_(&sentence_); }
  const std::string& value() const override { return sentence_; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  const std::function<bool(std::string*)>& next_;
  std::string sentence_;
  bool done_ = false;
};

}  // namespace

TrainedModel TrainSentencePiece(const std::unordered_map<std::string, std::string>& settings,
                                const std::function<bool(std::string* sentence)>& next) {
  Sentences sentences(next);
  TrainedModel out;
  const sentencepiece::util::Status status =
      sentencepiece::SentencePieceTrainer::Train(settings, &sentences, &out.model);
  if (!status.ok()) out.error = status.message();
  return out;
}

}  // namespace tokgraft
