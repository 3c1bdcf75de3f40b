// The walk over the queue that forms a static batch.
#include "schedule/batch_forming.h"

#include <algorithm>
#include <utility>

namespace spyre::schedule {

namespace {

// Those of `shapes` that hold the request beside rows already taken.
std::vector<Shape> holding(std::span<const Shape> shapes, const Demand& request, int64_t rows) {
  std::vector<Shape> result;
  for (const Shape& shape : shapes) {
    if (fits(shape, request.prompt_tokens, request.max_tokens) &&
        shape.batch_size >= rows + request.sequences) {
      result.push_back(shape);
    }
  }
  return result;
}

int64_t largest_batch(std::span<const Shape> shapes) {
  return std::ranges::max_element(shapes, {}, &Shape::batch_size)->batch_size;
}

// candidates: in sorted order; each holds all requests.
Shape choose(std::span<const Shape> candidates, std::span<const Demand> requests,
             ShapeChoice choice) {
  if (choice == ShapeChoice::kOrder) return candidates.front();
  const int64_t longest = std::ranges::max_element(requests, {}, &Demand::max_tokens)->max_tokens;
  return *std::ranges::min_element(candidates, {},
                                   [&](const Shape& shape) { return padded_work(shape, longest); });
}

}  // namespace

int64_t padded_work(const Shape& shape, int64_t longest_answer) {
  return shape.batch_size * (shape.prompt_tokens + longest_answer);
}

bool fits(const Shape& shape, int64_t prompt_tokens, int64_t max_tokens) {
  return prompt_tokens <= shape.prompt_tokens && max_tokens <= shape.new_tokens;
}

int64_t Batch::rows() const {
  int64_t rows = 0;
  for (const Demand& request : requests) rows += request.sequences;
  return rows;
}

Batch take_batch(std::deque<Demand>& queue, std::span<const Shape> shapes, ShapeChoice choice) {
  Batch batch;
  std::vector<Shape> available(shapes.begin(), shapes.end());
  std::vector<Demand> skipped;
  int64_t rows = 0;
  while (!queue.empty()) {
    std::vector<Shape> narrowed = holding(available, queue.front(), rows);
    if (!narrowed.empty()) {
      available = std::move(narrowed);
      rows += queue.front().sequences;
      batch.requests.push_back(queue.front());
    } else if (rows < largest_batch(available)) {
      skipped.push_back(queue.front());
    } else {
      break;
    }
    queue.pop_front();
  }
  queue.insert(queue.begin(), skipped.begin(), skipped.end());
  // What is available holds all of the batch: each request narrowed it with the rows before it.
  SPYRE_CHECK(!batch.requests.empty());
  batch.shape = choose(available, batch.requests, choice);
  return batch;
}

}  // namespace spyre::schedule
