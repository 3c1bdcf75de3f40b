// What the kernel tests share: reproducible random values (extremes included), weights as a file
// has them with their meaning written down a second time, packed matrices, and equality of bits.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/kernels.h"

namespace spyre::kernels::test {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t bits();
  int64_t below(int64_t count) {
    return static_cast<int64_t>(bits() % static_cast<uint64_t>(count));
  }
  float uniform(float low, float high);

 private:
  uint64_t state_;
};

enum class Spread {
  kMild,     // about 1
  kExtreme,  // any finite value, zeros of both signs and subnormals among them
};

std::vector<float> random_floats(Random& random, size_t count, Spread spread);

// A weight matrix as a file stores it, its values in float as the reference dequantises, and packed
// as the kernels take it.
struct Sample {
  std::vector<float> values;  // [rows][columns]
  AlignedBuffer storage;
  PackedMatrix matrix;

  float value(int64_t row, int64_t column) const {
    return values[static_cast<size_t>(row * matrix.columns + column)];
  }
  int64_t panels() const { return (matrix.rows + kPanelRows - 1) / kPanelRows; }
};

// Random bytes for the levels, random scales.
Sample make_sample(Format format, int64_t rows, int64_t columns, Spread spread, uint64_t seed);

// All level bits (and every other byte of a block) set to `fill`, scales 1: the largest sums.
Sample make_filled_sample(Format format, int64_t rows, int64_t columns, uint8_t fill);

// Values of one file block (info(format).block_elements of them), from the format's definition.
std::vector<float> dequantize_block(Format format, const uint8_t* block);

// Equal bits, or both NaN.
testing::AssertionResult same_bits(const std::vector<float>& a, const std::vector<float>& b);

// Every tier above scalar. A test over one that this machine lacks is skipped by name.
std::vector<Isa> vector_tiers();
std::string isa_name(Isa isa);
bool has(Isa isa);

std::vector<Format> all_formats();

}  // namespace spyre::kernels::test

#define SPYRE_SKIP_WITHOUT(isa) \
  if (!::spyre::kernels::test::has(isa)) GTEST_SKIP() << "this machine has no " << isa_name(isa)
