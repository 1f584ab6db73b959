// Parallel loops over an index range. Work is handed out in chunks by an atomic counter; the
// calling thread takes part; threads live for the call only, so a fork later is safe.
#ifndef TOKGRAFT_TOKENIZER_BASE_PARALLEL_H_
#define TOKGRAFT_TOKENIZER_BASE_PARALLEL_H_

#include <cstddef>
#include <functional>

namespace tokgraft {

// `threads` 0: all cores this process may use.
int EffectiveThreads(int threads);

// Calls f(begin, end) for disjoint ranges that cover [0, size), each at most `chunk` long, from up
// to `threads` threads. Returns when all are done. f must not throw.
void ParallelFor(std::size_t size, std::size_t chunk, int threads,
                 const std::function<void(std::size_t begin, std::size_t end)>& f);

}  // namespace tokgraft

#endif  // TOKGRAFT_TOKENIZER_BASE_PARALLEL_H_
