// What a tokenizer's model gets to see of a corpus: its texts, normalized and split, as pieces are
// spelled.
#ifndef TOKGRAFT_VOCAB_MERGE_STRATEGIES_WORDS_SEEN_H_
#define TOKGRAFT_VOCAB_MERGE_STRATEGIES_WORDS_SEEN_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "tokenizer/spec.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Each word once, with how often it is there; added tokens left out. A word is cut before each ▁
// too, unless `spaces_inside`: where no piece has one inside, no cut crosses it. Errors: those of
// Compile.
StatusOr<std::map<std::string, std::uint64_t>> WordsSeen(const TokenizerSpec& spec,
                                                         std::span<const std::string_view> corpus,
                                                         bool spaces_inside, int threads);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_STRATEGIES_WORDS_SEEN_H_
