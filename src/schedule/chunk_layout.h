// How a prompt lies in chunks of whole blocks: padded on the left by whole blocks, all in the first
// chunk, so that it starts at a block's beginning (equal beginnings give equal blocks) and ends in
// the last block of the last chunk.
#pragma once

#include <algorithm>

#include "schedule/continuous.h"

namespace spyre::schedule {

struct ChunkLayout {
  int64_t prompt_tokens = 0;
  int64_t chunk_tokens = 0;  // a multiple of kBlockTokens

  int64_t chunks() const { return (prompt_tokens + chunk_tokens - 1) / chunk_tokens; }
  int64_t left_padding() const { return chunks() * chunk_tokens - ceil_to_block(prompt_tokens); }
  // End of chunk `index`, in tokens of the prompt.
  int64_t end(int64_t index) const {
    return std::min(prompt_tokens, (index + 1) * chunk_tokens - left_padding());
  }
  // Chunks whose blocks are all among the prompt's first `blocks`, which a cache holds. The last
  // chunk never is: it gives the first token.
  int64_t cached_chunks(int64_t blocks) const {
    const int64_t padded = left_padding() / kBlockTokens + blocks;
    return std::min(padded / (chunk_tokens / kBlockTokens), chunks() - 1);
  }
  // Tokens in so many chunks at the prompt's beginning.
  int64_t tokens_in(int64_t first_chunks) const {
    return std::max<int64_t>(0, first_chunks * chunk_tokens - left_padding());
  }
};

}  // namespace spyre::schedule
