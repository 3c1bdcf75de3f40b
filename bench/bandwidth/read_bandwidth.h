// How fast this machine reads memory: the limit of decoding, which reads every weight once a token.
// Needs neither our library nor compiler flags: the widest loads are chosen at run time.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <numeric>
#include <thread>
#include <vector>

namespace spyre::bench {

// Both sum what they read, so that no load can be left out; the sum itself means nothing.
// bytes % 512 == 0, data 64-byte aligned.
__attribute__((target("avx512f"))) inline uint64_t read_avx512(const std::byte* data,
                                                               size_t bytes) {
  __m512i sums[4] = {};
  for (size_t i = 0; i < bytes; i += 512) {
    for (size_t line = 0; line < 8; ++line) {
      __m512i& sum = sums[line % 4];
      sum = _mm512_add_epi64(sum, _mm512_load_si512(data + i + line * 64));
    }
  }
  alignas(64) uint64_t lanes[8];
  for (size_t i = 1; i < 4; ++i) sums[0] = _mm512_add_epi64(sums[0], sums[i]);
  _mm512_store_si512(lanes, sums[0]);
  return std::accumulate(lanes, lanes + 8, uint64_t{0});
}

__attribute__((target("avx2"))) inline uint64_t read_avx2(const std::byte* data, size_t bytes) {
  __m256i sums[8] = {};
  for (size_t i = 0; i < bytes; i += 512) {
    for (size_t half = 0; half < 16; ++half) {
      __m256i& sum = sums[half % 8];
      const auto* from = reinterpret_cast<const __m256i*>(data + i + half * 32);
      sum = _mm256_add_epi64(sum, _mm256_load_si256(from));
    }
  }
  alignas(32) uint64_t lanes[4];
  for (size_t i = 1; i < 8; ++i) sums[0] = _mm256_add_epi64(sums[0], sums[i]);
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sums[0]);
  return std::accumulate(lanes, lanes + 4, uint64_t{0});
}

// Bytes per second that `threads` threads read together, each `bytes_each` of its own: the best of
// `passes` passes, from the first start to the last end. Memory is touched by the thread that
// reads it. 0 without AVX2; bytes_each % 512 == 0. Allocates threads * bytes_each.
inline double read_bandwidth(int threads, size_t bytes_each, int passes = 20) {
  using Clock = std::chrono::steady_clock;
  struct Reader {
    std::vector<Clock::time_point> starts, ends;  // of each pass
    uint64_t sum = 0;
  };
  if (__builtin_cpu_supports("avx2") == 0) return 0;
  const bool wide = __builtin_cpu_supports("avx512f") != 0;
  std::vector<Reader> readers(static_cast<size_t>(threads));
  {
    std::barrier<> together(threads);
    std::vector<std::jthread> running;
    running.reserve(readers.size());
    for (Reader& reader : readers) {
      running.emplace_back([&] {
        const std::unique_ptr<std::byte, decltype(&std::free)> data(
            static_cast<std::byte*>(std::aligned_alloc(size_t{2} << 20, bytes_each)), &std::free);
        if (data == nullptr) throw std::bad_alloc();
        std::memset(data.get(), 1, bytes_each);
        for (int pass = 0; pass < passes; ++pass) {
          together.arrive_and_wait();
          reader.starts.push_back(Clock::now());
          reader.sum +=
              wide ? read_avx512(data.get(), bytes_each) : read_avx2(data.get(), bytes_each);
          reader.ends.push_back(Clock::now());
        }
      });
    }
  }
  double best = 0;
  [[maybe_unused]] volatile uint64_t sink = 0;
  for (size_t pass = 0; pass < static_cast<size_t>(passes); ++pass) {
    Clock::time_point start = Clock::time_point::max(), end = Clock::time_point::min();
    for (const Reader& reader : readers) {
      start = std::min(start, reader.starts[pass]);
      end = std::max(end, reader.ends[pass]);
      sink = reader.sum;
    }
    const double bytes = static_cast<double>(bytes_each) * threads;
    best = std::max(best, bytes / std::chrono::duration<double>(end - start).count());
  }
  return best;
}

}  // namespace spyre::bench
