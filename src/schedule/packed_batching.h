// Batches for models that need one step a request: as many waiting texts as their tokens fit into a
// step, in the order of arrival, whatever their lengths. Nothing is padded and nothing decodes.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "schedule/scheduler.h"

namespace spyre::schedule {

struct PackedBatchingOptions {
  int64_t step_tokens = 0;    // of a step's texts together
  int64_t max_sequences = 0;  // texts of a step
  int64_t max_tokens = 0;     // of a text; at most step_tokens
};

class PackedBatching final : public Scheduler {
 public:
  // kInvalidArgument: limits that hold no text.
  static Result<std::unique_ptr<PackedBatching>> create(const PackedBatchingOptions& options);

  Status admissible(const Demand& demand) const override;
  int64_t most_new_tokens(int64_t) const override { return 0; }
  int64_t most_sequences(int64_t, int64_t) const override { return 1; }

  void add(const Demand& demand) override;
  Plan next() override;
  void computed(RequestId, int64_t) override {}
  void finish(RequestId id) override;

  // blocks: those of the running texts; tkv: the longest of them.
  Snapshot snapshot() const override;

 private:
  explicit PackedBatching(const PackedBatchingOptions& options) : options_(options) {}

  const PackedBatchingOptions options_;
  std::deque<Demand> waiting_;
  std::vector<Demand> running_;  // of the last step, those that have not ended
};

}  // namespace spyre::schedule
