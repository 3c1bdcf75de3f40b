// How tensors lie on a Spyre card, from what is public of its stack: memory is read in sticks of
// 128 bytes, 64 fp16 values, so rows are padded to whole sticks. Sources, from public repositories:
// torch-spyre (spyre_accelerator, hbm_pool_planning), RFC 0047 TiledTensors, hf-adapters
// ARCHITECTURE, sendnn-inference platform.py.
#pragma once

#include <cstdint>
#include <span>

namespace spyre::plan {

inline constexpr int64_t kStickBytes = 128;
inline constexpr int64_t kStickElements = 64;  // fp16

// fp16 bytes of a tensor on the card: product of all dimensions but the last, times whole sticks.
int64_t card_bytes(std::span<const int64_t> dims);

// Rows of an embedding or an output matrix: whole sticks of the vocabulary, and a number of them
// whose prime factors are small, so that 32 cores can split it (2374 sticks become 2375 = 5^3 x
// 19).
int64_t padded_vocabulary(int64_t vocab_size);

// Blocks of 64 tokens that the plugins for the card make for `sequences` of `tokens` each: all of
// them and one for padding, rounded up to a multiple of the sequences.
int64_t card_blocks(int64_t tokens, int64_t sequences);

}  // namespace spyre::plan
