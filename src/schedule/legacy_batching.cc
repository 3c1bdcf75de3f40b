// One look at the queue's head, then a prefill or a decode.
#include "schedule/legacy_batching.h"

#include <algorithm>

#include "schedule/volume.h"

namespace spyre::schedule {

namespace {

// Blocks of a row that holds `prompt_tokens` up to position `tkv`, padding blocks left out, once it
// has grown by `more` positions.
int64_t row_blocks(int64_t prompt_tokens, int64_t tkv, int64_t more) {
  return blocks_of(tkv + more) - (tkv - prompt_tokens) / kBlockTokens;
}

}  // namespace

Result<std::unique_ptr<LegacyBatching>> LegacyBatching::create(
    const LegacyBatchingOptions& options) {
  SPYRE_TRY(check(options.limits));
  SPYRE_TRY(check_volume_limit(options.volume_limit, options.limits));
  return std::unique_ptr<LegacyBatching>(new LegacyBatching(options));
}

Status LegacyBatching::admissible(const Demand& demand) const {
  return check_length(options_.limits, demand, ceil_to_block(demand.prompt_tokens));
}

int64_t LegacyBatching::most_new_tokens(int64_t prompt_tokens) const {
  return std::max<int64_t>(0, options_.limits.max_model_len - ceil_to_block(prompt_tokens));
}

int64_t LegacyBatching::tkv_with(const Demand& demand) const {
  if (batch_.rows().empty()) return ceil_to_block(demand.prompt_tokens);
  return batch_.tkv() + ceil_to_block(std::max<int64_t>(0, demand.prompt_tokens - batch_.tkv()));
}

bool LegacyBatching::rows_fit(const Demand& demand, int64_t tkv) const {
  const int64_t room = options_.limits.max_model_len - tkv;
  if (demand.max_tokens > room) return false;
  if (tkv == batch_.tkv()) return true;
  return std::ranges::all_of(batch_.rows(),
                             [room](const PaddedRow& row) { return row.remaining() <= room; });
}

bool LegacyBatching::volume_fits(const Demand& demand, int64_t tkv) const {
  std::vector<int64_t> others;
  others.reserve(batch_.rows().size());
  for (const PaddedRow& row : batch_.rows()) others.push_back(tkv + row.remaining() - 1);
  return most_volume(tkv + demand.max_tokens - 1, std::move(others)) <= options_.volume_limit;
}

bool LegacyBatching::may_join(const Demand& demand) {
  if (batch_.rows().empty()) return true;
  if (locked_) return false;
  locked_ = options_.max_waiting_s && now_s_ - demand.arrival_s > *options_.max_waiting_s;
  const int64_t tkv = tkv_with(demand);
  const int64_t prefilled = row_blocks(demand.prompt_tokens, tkv, 0) * kBlockTokens;
  return std::ssize(batch_.rows()) < options_.limits.max_num_seqs && rows_fit(demand, tkv) &&
         row_blocks(demand.prompt_tokens, tkv, demand.max_tokens - 1) <=
             options_.limits.kv_blocks - batch_.reserved_blocks() &&
         prefilled <= options_.prefill_priority_tokens.value_or(prefilled) &&
         volume_fits(demand, tkv);
}

Plan LegacyBatching::prefill(const Demand& demand) {
  const int64_t tkv = tkv_with(demand);
  if (!batch_.rows().empty()) batch_.shift(tkv - batch_.tkv());
  return batch_.prefill(demand, row_blocks(demand.prompt_tokens, tkv, demand.max_tokens - 1));
}

// Rows that ended in the last step still hold what they reserved while the head is looked at.
Plan LegacyBatching::next() {
  if (batch_.rows().empty()) locked_ = false;
  const bool joins = !waiting_.empty() && may_join(waiting_.front());
  batch_.release_ended();
  if (options_.drop_padding) batch_.drop_padding();
  if (joins) {
    const Demand demand = std::move(waiting_.front());
    waiting_.pop_front();
    return prefill(demand);
  }
  return batch_.rows().empty() ? batch_.idle() : batch_.decode();
}

void LegacyBatching::finish(RequestId id) {
  if (!batch_.end(id)) std::erase_if(waiting_, [id](const Demand& each) { return each.id == id; });
}

Snapshot LegacyBatching::snapshot() const {
  Snapshot snapshot = batch_.snapshot();
  for (const Demand& each : waiting_) snapshot.waiting.push_back(each.id);
  return snapshot;
}

}  // namespace spyre::schedule
