#include "backend/native/attention_plan.h"

#include <algorithm>
#include <tuple>

#include "backend/attention_tiles.h"

namespace spyre::backend {

AttentionPlan::AttentionPlan(const compile::AttentionTiles& tiles, int64_t max_rows,
                             int64_t max_sequences, int threads)
    : tiles_(tiles),
      shares_(static_cast<size_t>(threads)),
      loads_(static_cast<size_t>(threads)),
      seen_(static_cast<size_t>(max_sequences)) {
  candidates_.reserve(static_cast<size_t>(max_rows * tiles.kv_heads));
  items_.reserve(candidates_.capacity());
}

void AttentionPlan::plan(const StepInputs& inputs) {
  cut(inputs);
  share_out();
}

void AttentionPlan::cut(const StepInputs& inputs) {
  std::ranges::fill(seen_, uint8_t{0});
  rows_are_strangers_ = true;
  for (const int32_t sequence : inputs.sequences) {
    uint8_t& seen = seen_[static_cast<size_t>(sequence)];
    if (seen != 0) rows_are_strangers_ = false;
    seen = 1;
  }
  candidates_.clear();
  const auto rows = static_cast<int64_t>(inputs.sequences.size());
  for (int64_t row = 0; row < rows;) {
    const int64_t count =
        tile_rows(inputs.positions.data(), inputs.sequences.data(), row, rows, tiles_.rows);
    const int64_t keys = inputs.positions[static_cast<size_t>(row)] + count;
    for (int64_t head = 0; head < tiles_.kv_heads; ++head) {
      candidates_.push_back({.item = {.row = static_cast<int32_t>(row),
                                      .rows = static_cast<int32_t>(count),
                                      .head = static_cast<int32_t>(head * tiles_.group),
                                      .heads = static_cast<int32_t>(tiles_.group)},
                             .cost = keys * count,
                             .thread = 0});
    }
    row += count;
  }
}

// The most costly first, each to the thread that has least to do. A thread then goes through one
// head after the other, so that its keys stay in the caches.
void AttentionPlan::share_out() {
  std::ranges::sort(candidates_, [](const Candidate& a, const Candidate& b) {
    return std::tuple(b.cost, a.item.row, a.item.head) <
           std::tuple(a.cost, b.item.row, b.item.head);
  });
  std::ranges::fill(loads_, 0);
  for (Candidate& each : candidates_) {
    const auto least = std::ranges::min_element(loads_);
    *least += each.cost;
    each.thread = static_cast<int32_t>(least - loads_.begin());
  }
  std::ranges::sort(candidates_, [](const Candidate& a, const Candidate& b) {
    return std::tuple(a.thread, a.item.head, a.item.row) <
           std::tuple(b.thread, b.item.head, b.item.row);
  });
  items_.clear();
  size_t next = 0;
  for (size_t thread = 0; thread < shares_.size(); ++thread) {
    shares_[thread].begin = static_cast<int64_t>(next);
    for (; next < candidates_.size() && candidates_[next].thread == static_cast<int32_t>(thread);
         ++next) {
      items_.push_back(candidates_[next].item);
    }
    shares_[thread].end = static_cast<int64_t>(next);
  }
}

}  // namespace spyre::backend
