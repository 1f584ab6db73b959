#include "tokenizer/base/parallel.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

namespace tokgraft {

int EffectiveThreads(int threads) {
  if (threads > 0) return threads;
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    return std::max(1, CPU_COUNT(&allowed));
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void ParallelFor(std::size_t size, std::size_t chunk, int threads,
                 const std::function<void(std::size_t begin, std::size_t end)>& f) {
  if (size == 0) return;
  chunk = std::max<std::size_t>(chunk, 1);
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (;;) {
      const std::size_t begin = next.fetch_add(chunk, std::memory_order_relaxed);
      if (begin >= size) return;
      f(begin, std::min(begin + chunk, size));
    }
  };
  const std::size_t chunks = (size + chunk - 1) / chunk;
  const std::size_t helpers =
      std::min(chunks, static_cast<std::size_t>(EffectiveThreads(threads))) - 1;
  std::vector<std::thread> pool;
  pool.reserve(helpers);
  for (std::size_t i = 0; i < helpers; ++i) {
    try {
      pool.emplace_back(work);
    } catch (const std::system_error&) {
      break;  // the system gives no more threads: the ones there are do the work
    }
  }
  work();
  for (std::thread& thread : pool) thread.join();
}

}  // namespace tokgraft
