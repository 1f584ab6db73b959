// The trainer of the sentencepiece library, behind plain types: its headers bring their own
// absl::string_view, so no file may include them together with abseil's.
//
// It ends the process where a check of its own fails, so it runs in a process of its own.
#ifndef TOKGRAFT_VOCAB_MERGE_LEARN_SENTENCEPIECE_TRAINER_H_
#define TOKGRAFT_VOCAB_MERGE_LEARN_SENTENCEPIECE_TRAINER_H_

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tokgraft {

struct TrainedModel {
  std::string model{};  // the bytes of a .model file
  std::string error{};  // on one line; "" where it went well
};

// The settings are those of spm_train. Waits for the child process, which holds the sentences a
// second time. `log`, which may be empty, gets what it tells while it works, line by line, on the
// caller's thread.
TrainedModel TrainSentencePiece(const std::unordered_map<std::string, std::string>& settings,
                                const std::vector<std::string>& sentences,
                                const std::function<void(std::string_view line)>& log = {});

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_LEARN_SENTENCEPIECE_TRAINER_H_
