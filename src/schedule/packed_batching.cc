#include "schedule/packed_batching.h"

#include <algorithm>

namespace spyre::schedule {

Result<std::unique_ptr<PackedBatching>> PackedBatching::create(
    const PackedBatchingOptions& options) {
  if (options.max_tokens < 1 || options.max_sequences < 1 ||
      options.step_tokens < options.max_tokens) {
    return error(Code::kInvalidArgument,
                 "packed batching: wanted room for a text of at least one token, found steps of {} "
                 "tokens and {} texts, texts of {} tokens",
                 options.step_tokens, options.max_sequences, options.max_tokens);
  }
  return std::unique_ptr<PackedBatching>(new PackedBatching(options));
}

Status PackedBatching::admissible(const Demand& demand) const {
  if (demand.prompt_tokens <= options_.max_tokens) return {};
  return error(Code::kInvalidArgument,
               "a text of {} tokens: wanted at most {}; shorten it, ask for truncate_prompt_tokens "
               "or raise VLLM_SPYRE_WARMUP_PROMPT_LENS",
               demand.prompt_tokens, options_.max_tokens);
}

void PackedBatching::add(const Demand& demand) {
  SPYRE_CHECK(admissible(demand).has_value());
  waiting_.push_back(demand);
}

Plan PackedBatching::next() {
  running_.clear();
  Plan plan;
  int64_t tokens = 0;
  while (!waiting_.empty() && std::ssize(running_) < options_.max_sequences &&
         tokens + waiting_.front().prompt_tokens <= options_.step_tokens) {
    const Demand& next = waiting_.front();
    plan.prompts.push_back({.id = next.id, .tokens = next.prompt_tokens});
    tokens += next.prompt_tokens;
    running_.push_back(next);
    waiting_.pop_front();
  }
  if (!running_.empty()) plan.kind = StepKind::kPrefill;
  return plan;
}

void PackedBatching::finish(RequestId id) {
  const auto is_it = [id](const Demand& request) { return request.id == id; };
  std::erase_if(running_, is_it);
  std::erase_if(waiting_, is_it);
}

Snapshot PackedBatching::snapshot() const {
  Snapshot snapshot;
  for (const Demand& request : waiting_) snapshot.waiting.push_back(request.id);
  for (const Demand& request : running_) {
    snapshot.running.push_back(request.id);
    snapshot.tkv = std::max(snapshot.tkv, request.prompt_tokens);
    snapshot.blocks_used += (request.prompt_tokens + kBlockTokens - 1) / kBlockTokens;
  }
  snapshot.blocks_reserved = snapshot.blocks_used;
  return snapshot;
}

}  // namespace spyre::schedule
