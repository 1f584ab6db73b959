// Running a function as on a machine with one core.
#ifndef TOKGRAFT_TESTS_EMBED_INIT_ONE_CORE_H_
#define TOKGRAFT_TESTS_EMBED_INIT_ONE_CORE_H_

#include <sched.h>

#include "tokenizer/base/parallel.h"

namespace tokgraft::testing {

// What f() gives where the calling thread, and those that it starts, may use one core alone.
template <typename F>
auto OnOneCore(const F& f) {
  cpu_set_t all;
  sched_getaffinity(0, sizeof all, &all);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
  auto result = f();
  sched_setaffinity(0, sizeof all, &all);
  return result;
}

// Whether this process may use more, so that a comparison says something.
inline bool HasManyCores() { return EffectiveThreads(0) > 1; }

}  // namespace tokgraft::testing

#endif  // TOKGRAFT_TESTS_EMBED_INIT_ONE_CORE_H_
