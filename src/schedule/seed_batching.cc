#include "schedule/seed_batching.h"

#include <algorithm>

namespace spyre::schedule {

Result<std::unique_ptr<SeedBatching>> SeedBatching::create(const SeedBatchingOptions& options) {
  const ContinuousLimits& limits = options.limits;
  SPYRE_TRY(check(limits));
  const int64_t needed = limits.max_num_seqs * blocks_of(limits.max_model_len);
  if (limits.kv_blocks < needed) {
    return error(Code::kInvalidArgument,
                 "KV cache: without reservations (VLLM_SPYRE_ENABLE_PREFILL_OPTIMIZATION=0) wanted "
                 "blocks for --max-num-seqs {} times --max-model-len {}, {}, found {}; lower one "
                 "of them, or raise --num-gpu-blocks-override or --kv-cache-memory-bytes",
                 limits.max_num_seqs, limits.max_model_len, needed, limits.kv_blocks);
  }
  return std::unique_ptr<SeedBatching>(new SeedBatching(options));
}

Status SeedBatching::admissible(const Demand& demand) const {
  return check_length(options_.limits, demand, ceil_to_block(demand.prompt_tokens));
}

int64_t SeedBatching::most_new_tokens(int64_t prompt_tokens) const {
  return std::max<int64_t>(0, options_.limits.max_model_len - ceil_to_block(prompt_tokens));
}

bool SeedBatching::may_join(const Demand& demand) const {
  if (batch_.rows().empty()) return true;
  return std::ssize(batch_.rows()) < options_.limits.max_num_seqs &&
         demand.prompt_tokens <= batch_.tkv() &&
         demand.max_tokens <= options_.limits.max_model_len - batch_.tkv();
}

Plan SeedBatching::next() {
  batch_.release_ended();
  if (!waiting_.empty() && may_join(waiting_.front())) {
    const Demand demand = std::move(waiting_.front());
    waiting_.pop_front();
    return batch_.prefill(demand, 0);
  }
  if (batch_.rows().empty()) return batch_.idle();
  if (options_.drop_padding) batch_.drop_padding();
  return batch_.decode();
}

void SeedBatching::finish(RequestId id) {
  if (!batch_.end(id)) std::erase_if(waiting_, [id](const Demand& each) { return each.id == id; });
}

Snapshot SeedBatching::snapshot() const {
  Snapshot snapshot = batch_.snapshot();
  for (const Demand& each : waiting_) snapshot.waiting.push_back(each.id);
  return snapshot;
}

}  // namespace spyre::schedule
