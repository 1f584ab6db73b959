// A donor for a Unigram base: sentencepiece's trainer on the corpus as the base sees it.
#ifndef TOKGRAFT_VOCAB_MERGE_LEARN_UNIGRAM_H_
#define TOKGRAFT_VOCAB_MERGE_LEARN_UNIGRAM_H_

#include "tokenizer/spec.h"
#include "tokenizer/status.h"
#include "vocab_merge/learn.h"

namespace tokgraft {

// A .model of `options.size` pieces beside <unk>, fewer where the corpus has no more. The text is
// normalized by the base, so that the donor's pieces are in the base's own form; sentences are
// documents, long ones in parts of some 4,000 bytes. The trainer's threads are always 16, since the
// scores depend on their number. InvalidArgument: what the trainer refuses, in its words.
StatusOr<TokenizerSpec> TrainUnigram(const TokenizerSpec& base, const LearnOptions& options);

}  // namespace tokgraft

#endif  // TOKGRAFT_VOCAB_MERGE_LEARN_UNIGRAM_H_
