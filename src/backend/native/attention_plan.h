// How the attention of a step is shared out: the list of its items, those of a thread side by side.
// Made once a step, for all layers.
#pragma once

#include <span>
#include <vector>

#include "backend/backend.h"
#include "compile/program.h"

namespace spyre::backend {

class AttentionPlan {
 public:
  // A thread's items.
  struct Share {
    int64_t begin = 0;
    int64_t end = 0;
  };

  // max_sequences: of the block table. Reserves what steps of that many rows can need.
  AttentionPlan(const compile::AttentionTiles& tiles, int64_t max_rows, int64_t max_sequences,
                int threads);

  // Allocates nothing.
  void plan(const StepInputs& inputs);

  std::span<const kernels::AttentionItem> items() const { return items_; }
  Share share(int thread) const { return shares_[static_cast<size_t>(thread)]; }
  // No two rows are of one sequence: an item's keys are its thread's to write.
  bool rows_are_strangers() const { return rows_are_strangers_; }

 private:
  struct Candidate {
    kernels::AttentionItem item;
    int64_t cost;
    int32_t thread;
  };

  void cut(const StepInputs& inputs);
  void share_out();

  const compile::AttentionTiles tiles_;
  std::vector<Candidate> candidates_;
  std::vector<kernels::AttentionItem> items_;
  std::vector<Share> shares_;   // per thread
  std::vector<int64_t> loads_;  // per thread
  std::vector<uint8_t> seen_;   // per sequence
  bool rows_are_strangers_ = true;
};

}  // namespace spyre::backend
