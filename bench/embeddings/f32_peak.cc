// Prints the floating point operations per second that N threads do together in float32 (default
// 2): fused multiply-adds on registers alone, two operations each, the best of a few tries. No
// matmul can be faster.
//
//   c++ -std=c++20 -O2 -pthread bench/embeddings/f32_peak.cc -o f32_peak
//   f32_peak [N]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

// Twelve sums in turn: two instructions a cycle with a latency of at most six.
constexpr double kSums = 12;
constexpr int kSteps = 4'000'000;
constexpr int kTries = 9;

void multiply_add_avx512() {
  asm volatile(
      ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12\n vpxord %%zmm\\r, %%zmm\\r, %%zmm\\r\n .endr\n" ::
          : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
            "xmm11", "xmm12");
  for (int step = 0; step < kSteps; ++step) {
    asm volatile(
        ".irp r,0,1,2,3,4,5,6,7,8,9,10,11\n vfmadd231ps %%zmm12, %%zmm12, %%zmm\\r\n .endr\n" ::
            : "memory");
  }
}

void multiply_add_avx2() {
  asm volatile(
      ".irp r,0,1,2,3,4,5,6,7,8,9,10,11,12\n vpxor %%ymm\\r, %%ymm\\r, %%ymm\\r\n .endr\n" ::
          : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
            "xmm11", "xmm12");
  for (int step = 0; step < kSteps; ++step) {
    asm volatile(
        ".irp r,0,1,2,3,4,5,6,7,8,9,10,11\n vfmadd231ps %%ymm12, %%ymm12, %%ymm\\r\n .endr\n" ::
            : "memory");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  if (threads < 1 || threads > 1024) {
    std::fprintf(stderr, "f32_peak: wanted 1 to 1024 threads, found %s\n", argv[1]);
    return 2;
  }
  if (__builtin_cpu_supports("fma") == 0) {
    std::fprintf(stderr, "f32_peak: wanted a CPU with FMA, found none\n");
    return 1;
  }
  const bool wide = __builtin_cpu_supports("avx512f") != 0;
  double best = 0;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const auto start = std::chrono::steady_clock::now();
    {
      std::vector<std::jthread> team;
      for (int i = 0; i < threads; ++i) {
        team.emplace_back(wide ? multiply_add_avx512 : multiply_add_avx2);
      }
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    const double lanes = wide ? 16 : 8;
    best = std::max(best, 2 * lanes * kSums * kSteps * threads / seconds.count());
  }
  std::printf("%.0f\n", best);
  return 0;
}
