// The trainer of the sentencepiece library, behind plain types: its headers bring their own
// absl::string_view, so no file may include them together with abseil's.
#ifndef TOKGRAFT_VOCAB_MERGE_LEARN_SENTENCEPIECE_TRAINER_H_
#define TOKGRAFT_VOCAB_MERGE_LEARN_SENTENCEPIECE_TRAINER_H_

#include <functional>
#include <string>
#include <unordered_map>

namespace tokgraft {

struct TrainedModel {
  std::string model{};  // the bytes of a .model file
  std::string error{};  // "" where it went well
};

// `next` fills in a sentence, or returns false at the end of the corpus. The settings are those of
// spm_train.
TrainedModel TrainSentencePiece(const std::unordered_map<std::string, std::string>& settings,
                                const std::function<bool(std::string* sentence)>& next);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_LEARN_SENTENCEPIECE_TRAINER_H_
