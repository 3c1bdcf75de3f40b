// Loops over a row of floats and the "lanes16" reduction of kernels.h, for any vector width.
#pragma once

#include <cstddef>
#include <cstdint>

namespace spyre::kernels {
namespace {

inline constexpr int kReduceLanes = 16;

constexpr int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
constexpr int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

template <typename V>
typename V::F load_some(const float* p, int64_t count) {
  return count == V::kLanes ? V::load(p) : V::load(p, count);
}

template <typename V>
void store_some(float* p, typename V::F v, int64_t count) {
  if (count == V::kLanes) {
    V::store(p, v);
  } else {
    V::store(p, v, count);
  }
}

template <typename V>
float first_lane(typename V::F v) {
  float lanes[V::kLanes];
  V::store(lanes, v);
  return lanes[0];
}

// body(at, count) for elements at .. at + count - 1, count = kLanes but for the last.
template <typename V, typename Body>
void for_vectors(int64_t n, Body body) {
  int64_t i = 0;
  for (; i + V::kLanes <= n; i += V::kLanes) body(i, int64_t{V::kLanes});
  if (i < n) body(i, n - i);
}

// The sixteen partial results, 16 / kLanes vectors of them.
template <typename V>
struct Lanes16 {
  static constexpr int kVectors = kReduceLanes / V::kLanes;
  typename V::F part[kVectors];

  explicit Lanes16(float start) {
    for (typename V::F& each : part) each = V::set1(start);
  }

  // body(part, at, count): part is the vector that elements at .. at + count - 1 belong to.
  template <typename Body>
  void accumulate(int64_t n, Body body) {
    int64_t i = 0;
    for (; i + kReduceLanes <= n; i += kReduceLanes) {
#pragma GCC unroll 2
      for (int j = 0; j < kVectors; ++j) body(part[j], i + j * V::kLanes, int64_t{V::kLanes});
    }
    for (int j = 0; j < kVectors && i + j * V::kLanes < n; ++j) {
      const int64_t at = i + j * V::kLanes;
      body(part[j], at, smaller(V::kLanes, n - at));
    }
  }

  float sum() const { return V::sum_of_16(part); }
  float max() const { return V::max_of_16(part); }
};

}  // namespace
}  // namespace spyre::kernels
