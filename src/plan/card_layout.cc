// Rounding, three ways.
#include "plan/card_layout.h"

namespace spyre::plan {

namespace {

int64_t ceil_div(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

int64_t largest_prime_factor(int64_t value) {
  int64_t largest = 1;
  for (int64_t factor = 2; factor * factor <= value; ++factor) {
    while (value % factor == 0) {
      largest = factor;
      value /= factor;
    }
  }
  return value > 1 ? value : largest;
}

}  // namespace

int64_t card_bytes(std::span<const int64_t> dims) {
  int64_t bytes = kStickBytes * ceil_div(dims.back(), kStickElements);
  for (const int64_t dim : dims.first(dims.size() - 1)) bytes *= dim;
  return bytes;
}

int64_t padded_vocabulary(int64_t vocab_size) {
  constexpr int64_t kCores = 32;
  int64_t sticks = ceil_div(vocab_size, kStickElements);
  while (largest_prime_factor(sticks) > kCores) ++sticks;
  return sticks * kStickElements;
}

int64_t card_blocks(int64_t tokens, int64_t sequences) {
  const int64_t blocks = sequences * ceil_div(tokens, kStickElements) + 1;
  return ceil_div(blocks, sequences) * sequences;
}

}  // namespace spyre::plan
