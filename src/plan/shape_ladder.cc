// The rungs, then the batch size that the longest of them allows.
#include "plan/shape_ladder.h"

#include <algorithm>

namespace spyre::plan {

namespace {

using schedule::kBlockTokens;
using schedule::Shape;

std::vector<Shape> rungs(int64_t max_model_len) {
  std::vector<Shape> shapes;
  for (const int64_t tokens : {max_model_len / 4, max_model_len / 2, max_model_len / 4 * 3,
                               max_model_len - kBlockTokens}) {
    const int64_t prompt = std::max(kBlockTokens, tokens / kBlockTokens * kBlockTokens);
    if (!shapes.empty() && shapes.back().prompt_tokens >= prompt) continue;
    // Below 65 tokens no prompt of a block leaves room for an answer, but shorter ones do.
    const int64_t answer =
        max_model_len > prompt ? max_model_len - prompt : std::max<int64_t>(1, max_model_len - 1);
    shapes.push_back({.prompt_tokens = prompt, .new_tokens = answer});
  }
  return shapes;
}

}  // namespace

int64_t kv_blocks(const Shape& shape) { return shape.blocks() + shape.batch_size; }

std::vector<Shape> shape_ladder(const LadderInputs& inputs) {
  std::vector<Shape> shapes = rungs(inputs.max_model_len);
  int64_t blocks_each = 0;
  for (Shape& shape : shapes) {
    shape.batch_size = 1;
    blocks_each = std::max(blocks_each, kv_blocks(shape));
  }
  const int64_t affordable = inputs.kv_budget_bytes / (inputs.kv_block_bytes * blocks_each);
  const int64_t most = inputs.max_num_seqs.value_or(kMostUnasked);
  for (Shape& shape : shapes) {
    shape.batch_size = std::max<int64_t>(1, std::min(most, affordable));
  }
  return shapes;
}

}  // namespace spyre::plan
