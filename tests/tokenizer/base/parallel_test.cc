// A parallel loop covers its range once, in chunks no longer than asked.
#include "tokenizer/base/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace tokgraft {
namespace {

TEST(ParallelTest, CoversTheRangeOnceWhateverTheChunksAndThreads) {
  for (const std::size_t size : {1U, 7U, 64U, 1000U}) {
    for (const std::size_t chunk : {0U, 1U, 3U, 64U, 5000U}) {  // 0 counts as 1
      for (const int threads : {0, 1, 2, 9}) {
        std::vector<std::atomic<int>> seen(size);
        std::atomic<bool> too_long = false;
        ParallelFor(size, chunk, threads, [&](std::size_t begin, std::size_t end) {
          if (begin >= end || end - begin > (chunk == 0 ? 1 : chunk)) too_long = true;
          for (std::size_t i = begin; i < end; ++i) ++seen[i];
        });
        EXPECT_FALSE(too_long) << size << " " << chunk << " " << threads;
        for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(seen[i], 1) << i;
      }
    }
  }
}

TEST(ParallelTest, NothingToDoCallsNobody) {
  ParallelFor(0, 1, 4, [](std::size_t, std::size_t) { ADD_FAILURE(); });
}

TEST(ParallelTest, OneThreadIsTheCallersAndGoesInOrder) {
  std::vector<std::size_t> begins;
  const std::thread::id caller = std::this_thread::get_id();
  ParallelFor(10, 4, 1, [&](std::size_t begin, std::size_t) {
    EXPECT_EQ(std::this_thread::get_id(), caller);
    begins.push_back(begin);
  });
  EXPECT_EQ(begins, (std::vector<std::size_t>{0, 4, 8}));
}

TEST(ParallelTest, ThreadsAreThoseAskedForOrTheMachines) {
  EXPECT_EQ(EffectiveThreads(1), 1);
  EXPECT_EQ(EffectiveThreads(64), 64);
  EXPECT_GE(EffectiveThreads(0), 1);
  EXPECT_EQ(EffectiveThreads(-1), EffectiveThreads(0));
}

}  // namespace
}  // namespace tokgraft
