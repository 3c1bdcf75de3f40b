// The default mode: batches of fixed warmup shapes. A batch is formed from the queue, its prompts
// run whole and left-padded in one step, then it decodes one token a step until every request of it
// has ended; only then does the next batch start. A finished request's rows stay in the shape as
// padding. What runs together is decided in batch_forming.h, who may queue in static_admission.h.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "schedule/batch_forming.h"

namespace spyre::schedule {

struct StaticBatchingOptions {
  std::vector<Shape> shapes;  // in any order
  ShapeChoice choice = ShapeChoice::kOrder;
  bool prompt_only = false;  // requests end with their prompt: shapes have no new tokens
};

class StaticBatching final : public Scheduler {
 public:
  // kInvalidArgument: shapes that make no sense (sorted_shapes()).
  static Result<std::unique_ptr<StaticBatching>> create(const StaticBatchingOptions& options);

  // In the order in which they are preferred.
  const std::vector<Shape>& shapes() const { return shapes_; }

  Status admissible(const Demand& demand) const override;
  int64_t most_new_tokens(int64_t prompt_tokens) const override;
  int64_t most_sequences(int64_t prompt_tokens, int64_t max_tokens) const override;

  void add(const Demand& demand) override;
  Plan next() override;
  void computed(RequestId id, int64_t tokens) override;
  void finish(RequestId id) override;

  // tkv: the padded length of the batch: its prompts' length, and one more for each decode step, or
  // that of its longest row if drafts took it further.
  // blocks: the whole rectangle of the running shape, which is held, like tkv, until the next step
  // is planned. block_tables: none, rows own their part of the rectangle.
  Snapshot snapshot() const override;

 private:
  StaticBatching(std::vector<Shape> shapes, ShapeChoice choice);

  Plan start_batch();
  Plan decode();

  const std::vector<Shape> shapes_;
  const ShapeChoice choice_;
  std::deque<Demand> waiting_;
  std::vector<Demand> running_;  // those of the batch that have not ended, in the order of rows
  std::optional<Shape> shape_;   // of the batch
  int64_t steps_ = 0;            // decodes of the batch
  int64_t tkv_ = 0;
};

}  // namespace spyre::schedule
