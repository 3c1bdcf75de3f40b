#include "sample/token_mask.h"

#include <algorithm>
#include <limits>

#include "base/result.h"

namespace spyre::sample {

namespace {
constexpr size_t kWordBits = 32;
}  // namespace

TokenMask::TokenMask(std::span<const int32_t> allowed, int64_t vocab_size)
    : words_((static_cast<size_t>(vocab_size) + kWordBits - 1) / kWordBits) {
  for (const int32_t id : allowed) {
    if (id < 0 || id >= vocab_size) continue;
    const auto bit = static_cast<size_t>(id);
    words_[bit / kWordBits] |= 1u << (bit % kWordBits);
  }
}

void apply_mask(std::span<const uint32_t> words, std::span<float> logits) {
  SPYRE_CHECK(words.size() * kWordBits >= logits.size());
  constexpr float kMasked = -std::numeric_limits<float>::infinity();
  for (size_t begin = 0; begin < logits.size(); begin += kWordBits) {
    const uint32_t word = words[begin / kWordBits];
    const size_t count = std::min(kWordBits, logits.size() - begin);
    for (size_t bit = 0; bit < count; ++bit) {
      if (((word >> bit) & 1u) == 0) logits[begin + bit] = kMasked;
    }
  }
}

}  // namespace spyre::sample
