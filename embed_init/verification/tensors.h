// Checking the tensors of an output: rows against their origins, everything else bit by bit.
#ifndef TOKGRAFT_EMBED_INIT_VERIFICATION_TENSORS_H_
#define TOKGRAFT_EMBED_INIT_VERIFICATION_TENSORS_H_

#include "embed_init/checkpoint.h"
#include "embed_init/init_plan.h"
#include "embed_init/manifest.h"
#include "tokenizer/status.h"

namespace tokgraft {

// Recomputes every row of every changed tensor from `source` and compares the bytes; those of rows
// with a dense part with the hash that the manifest has.
Status CheckRowsFromSource(const Checkpoint& source, const Checkpoint& output,
                           const Manifest& manifest, int threads, VerifyReport* report);

// The source is gone: old rows are found where the output holds copies of them. Checks the rows
// that are made of those only, and notes how many are not.
Status CheckRowsFromOutput(const Checkpoint& output, const Manifest& manifest, int threads,
                           VerifyReport* report);

// Every tensor without rows of tokens is the same in both, and neither has more.
Status CheckOtherTensors(const Checkpoint& source, const Checkpoint& output, const InitPlan& plan,
                         VerifyReport* report);

}  // namespace tokgraft

#endif  // TOKGRAFT_EMBED_INIT_VERIFICATION_TENSORS_H_
