// Steele et al. 2014 (SplitMix64); the bias of the remainder does no harm here.
#include "engine/random_tokens.h"

#include <algorithm>
#include <utility>

namespace spyre::engine {

RandomTokens::RandomTokens(int64_t vocab_size, std::vector<int32_t> excluded, uint64_t seed)
    : vocab_size_(vocab_size), excluded_(std::move(excluded)), state_(seed) {}

bool RandomTokens::is_excluded(int32_t token) const {
  return token == 0 || std::ranges::find(excluded_, token) != excluded_.end();
}

uint64_t RandomTokens::draw() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

int32_t RandomTokens::next() {
  auto token = static_cast<int32_t>(draw() % static_cast<uint64_t>(vocab_size_));
  for (int64_t i = 0; i < vocab_size_ && is_excluded(token); ++i) {
    token = static_cast<int32_t>((token + 1) % vocab_size_);
  }
  return token;
}

}  // namespace spyre::engine
