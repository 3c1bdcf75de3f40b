// A set of tokens as bits, one per vocabulary entry: what allowed_token_ids leaves, or
// what a grammar does. Bit i % 32 of word i / 32 is token i, the layout of grammar libraries.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace spyre::sample {

class TokenMask {
 public:
  // The given tokens and no others; ids outside the vocabulary are passed over.
  TokenMask(std::span<const int32_t> allowed, int64_t vocab_size);

  std::span<const uint32_t> words() const { return words_; }

 private:
  std::vector<uint32_t> words_;
};

// Sets the logits of all tokens whose bit is 0 to -inf. words: at least one bit per logit.
void apply_mask(std::span<const uint32_t> words, std::span<float> logits);

}  // namespace spyre::sample
