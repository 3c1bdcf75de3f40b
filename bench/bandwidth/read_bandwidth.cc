// Prints the bytes per second that N threads read from memory together (default 2).
//
//   c++ -std=c++20 -O2 -pthread bench/bandwidth/read_bandwidth.cc -o read_bandwidth
//   read_bandwidth [N]
#include "read_bandwidth.h"

#include <cstdio>

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  if (threads < 1 || threads > 1024) {
    std::fprintf(stderr, "read_bandwidth: wanted 1 to 1024 threads, found %s\n", argv[1]);
    return 2;
  }
  // 2 GB in all, 128 MB each at least: past any last-level cache.
  const size_t each = std::max((size_t{2} << 30) / static_cast<size_t>(threads), size_t{128} << 20);
  std::printf("%.0f\n", spyre::bench::read_bandwidth(threads, each & ~size_t{0x1fffff}));
  return 0;
}
