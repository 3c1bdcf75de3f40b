// Continuous batching as it began (VLLM_SPYRE_USE_CB=1 with
// VLLM_SPYRE_ENABLE_PREFILL_OPTIMIZATION=0): a step is the prefill of one request, which all others
// wait for, or a decode of all of them. Prefills go first. Only the head of the queue may join, and
// only when its prompt is no longer than the batch is by now. Nothing is reserved: a batch of
// max_num_seqs rows of max_model_len fits in the KV cache.
#pragma once

#include <deque>
#include <memory>

#include "schedule/padded_batch.h"

namespace spyre::schedule {

struct SeedBatchingOptions {
  ContinuousLimits limits = {};
  // VLLM_SPYRE_RM_PADDED_BLOCKS: before a decode, blocks that pad all rows on the left are freed.
  bool drop_padding = false;
};

class SeedBatching final : public Scheduler {
 public:
  // kInvalidArgument: limits that make no sense (check()), or less than max_num_seqs times
  // max_model_len of blocks.
  static Result<std::unique_ptr<SeedBatching>> create(const SeedBatchingOptions& options);

  // The prompt counts in whole blocks.
  Status admissible(const Demand& demand) const override;
  int64_t most_new_tokens(int64_t prompt_tokens) const override;
  int64_t most_sequences(int64_t, int64_t) const override { return 1; }

  void add(const Demand& demand) override { waiting_.push_back(demand); }
  Plan next() override;
  void computed(RequestId, int64_t) override {}
  void finish(RequestId id) override;

  bool owns_blocks() const override { return true; }
  std::span<const int32_t> blocks(RequestId id) const override { return batch_.data_blocks(id); }
  int64_t blocks_used() const override { return batch_.tables().used(); }

  // tkv: as it was after the last step; 0 one step after the batch's end, which frees its blocks.
  // blocks_used: with those of padding. blocks_reserved: 0.
  Snapshot snapshot() const override;

 private:
  explicit SeedBatching(const SeedBatchingOptions& options)
      : options_(options), batch_(options.limits.kv_blocks, PaddedBatch::Padding::kInBlocks) {}
  bool may_join(const Demand& demand) const;

  const SeedBatchingOptions options_;
  PaddedBatch batch_;
  std::deque<Demand> waiting_;
};

}  // namespace spyre::schedule
