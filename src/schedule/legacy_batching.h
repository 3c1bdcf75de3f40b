// Continuous batching with whole prefills (VLLM_SPYRE_USE_CB=1, its default): as seed_batching.h,
// and the batch makes room: a prompt longer than it is shifts all rows to the right, padding that
// fills whole blocks is never computed and goes when all rows have it. In return admission looks
// ahead: to the end of every row, at the blocks that it will need, which are reserved, and at the
// volume of the batch (volume.h).
#pragma once

#include <deque>
#include <memory>

#include "schedule/padded_batch.h"

namespace spyre::schedule {

struct LegacyBatchingOptions {
  ContinuousLimits limits = {};
  int64_t volume_limit = 0;  // VLLM_DT_MAX_BATCH_TKV_LIMIT: rows times tkv
  bool drop_padding = true;  // VLLM_SPYRE_RM_PADDED_BLOCKS
  // VLLM_SPYRE_N_TOKENS_PREFILL_PRIO: longest prefill, in padded tokens, that may interrupt
  // decodes. None: all may.
  std::optional<int64_t> prefill_priority_tokens = {};
  // VLLM_SPYRE_MAX_WAITING_TIME_SECONDS: once a request waited longer, nobody joins the batch after
  // this look at it until the batch is through: it joins now or is first in the next one.
  std::optional<double> max_waiting_s = {};
};

class LegacyBatching final : public Scheduler {
 public:
  // kInvalidArgument: limits that make no sense (check()); a volume limit below max_model_len.
  static Result<std::unique_ptr<LegacyBatching>> create(const LegacyBatchingOptions& options);

  // The prompt counts in whole blocks.
  Status admissible(const Demand& demand) const override;
  int64_t most_new_tokens(int64_t prompt_tokens) const override;
  int64_t most_sequences(int64_t, int64_t) const override { return 1; }

  void add(const Demand& demand) override { waiting_.push_back(demand); }
  void set_time(double now_s) override { now_s_ = now_s; }
  Plan next() override;
  void computed(RequestId, int64_t) override {}
  void finish(RequestId id) override;

  bool owns_blocks() const override { return true; }
  std::span<const int32_t> blocks(RequestId id) const override { return batch_.data_blocks(id); }
  int64_t blocks_used() const override { return batch_.tables().used(); }

  // tkv: as in seed batching. blocks_reserved: all that rows may come to have; those of rows that
  // ended in the last step count until the next one.
  Snapshot snapshot() const override;

 private:
  explicit LegacyBatching(const LegacyBatchingOptions& options)
      : options_(options), batch_(options.limits.kv_blocks, PaddedBatch::Padding::kWithoutBlocks) {}

  int64_t tkv_with(const Demand& demand) const;
  bool may_join(const Demand& demand);
  bool rows_fit(const Demand& demand, int64_t tkv) const;
  bool volume_fits(const Demand& demand, int64_t tkv) const;
  Plan prefill(const Demand& demand);

  const LegacyBatchingOptions options_;
  PaddedBatch batch_;
  std::deque<Demand> waiting_;
  double now_s_ = 0;
  bool locked_ = false;  // somebody waited too long: nobody joins this batch any more
};

}  // namespace spyre::schedule
