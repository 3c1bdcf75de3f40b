// Static batching, one decision: which waiting requests run together, and in which warmup shape.
// Pure functions over counts; who calls them when is static_batching.h's matter. A request takes as
// many rows of the batch as it has sequences.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "schedule/scheduler.h"

namespace spyre::schedule {

// Which shape runs, among those that hold the chosen requests. Answers do not depend on it.
enum class ShapeChoice {
  kOrder,      // the first by (batch_size, prompt_tokens): the documented order
  kLeastWork,  // the one with the least padded_work(); the first of equals
};

// Positions that a batch of this shape computes at most, real or not: every row holds the padded
// prompt and one position for each token of the longest answer.
//   batch_size * (prompt_tokens + longest_answer)
int64_t padded_work(const Shape& shape, int64_t longest_answer);

// Whether a prompt and an answer of so many tokens fit into a row of the shape.
bool fits(const Shape& shape, int64_t prompt_tokens, int64_t max_tokens);

struct Batch {
  Shape shape;
  std::vector<Demand> requests;  // in the order of their rows
  int64_t rows() const;          // sequences of all requests
};

// Takes the next batch out of `queue`, which is in order of arrival and not empty. Walks the queue
// from its head: a request joins when some shape holds it together with those that joined before
// it; one that fits no such shape is skipped as long as the batch can still grow. Skipped requests
// stay in front of the queue, in their order, so the first of them is sure to run next time.
// shapes: sorted by (batch_size, prompt_tokens); each request fits one of them alone.
Batch take_batch(std::deque<Demand>& queue, std::span<const Shape> shapes, ShapeChoice choice);

}  // namespace spyre::schedule
