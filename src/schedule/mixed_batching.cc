// A step: decodes first, then the prompts that run, then new ones.
#include "schedule/mixed_batching.h"

#include <algorithm>
#include <tuple>

namespace spyre::schedule {

Result<std::unique_ptr<MixedBatching>> MixedBatching::create(const MixedBatchingOptions& options) {
  SPYRE_TRY(check(options.limits));
  if (options.token_budget < options.limits.max_num_seqs) {
    return error(Code::kInvalidArgument,
                 "--max-num-batched-tokens: wanted at least --max-num-seqs ({}), a token of each "
                 "running request, found {}",
                 options.limits.max_num_seqs, options.token_budget);
  }
  return std::unique_ptr<MixedBatching>(new MixedBatching(options));
}

Status MixedBatching::admissible(const Demand& demand) const {
  return check_length(options_.limits, demand, demand.prompt_tokens);
}

int64_t MixedBatching::most_new_tokens(int64_t prompt_tokens) const {
  return std::max<int64_t>(0, options_.limits.max_model_len - prompt_tokens);
}

bool MixedBatching::goes_before(const Row& a, const Row& b) const {
  const auto rank = [this](const Row& row) {
    return std::tuple(options_.by_priority ? row.demand.priority : 0, row.arrival);
  };
  return rank(a) < rank(b);
}

void MixedBatching::enqueue(std::vector<Row>& rows, Row row) const {
  const auto place = std::ranges::upper_bound(
      rows, row, [this](const Row& a, const Row& b) { return goes_before(a, b); });
  rows.insert(place, std::move(row));
}

void MixedBatching::add(const Demand& demand) {
  enqueue(waiting_, {.demand = demand, .arrival = arrivals_++, .known = demand.prompt_tokens});
}

void MixedBatching::took(double seconds) {
  latency_.learn(last_decodes_, last_prompt_tokens_, seconds);
}

void MixedBatching::preempt_last(Plan& plan) {
  Row row = std::move(running_.back());
  running_.pop_back();
  tables_.close(row.demand.id);
  row.computed = 0;
  row.prompting = true;
  plan.preempted.push_back(row.demand.id);
  enqueue(waiting_, std::move(row));
}

// Every running row in turn, while those behind it may have to go.
void MixedBatching::add_decodes(Plan& plan) {
  for (size_t i = 0; i < running_.size(); ++i) {
    if (running_[i].prompting) continue;
    const int64_t blocks = blocks_of(running_[i].computed + 1);
    const auto needs_room = [&] {
      return blocks > std::ssize(tables_.table(running_[i].demand.id)) && tables_.free() == 0;
    };
    while (i < running_.size() && needs_room()) preempt_last(plan);
    if (i == running_.size()) return;
    Row& row = running_[i];
    tables_.grow(row.demand.id, blocks);
    row.computed = row.known;
    ++row.known;
    plan.decodes.push_back(row.demand.id);
  }
}

void MixedBatching::add_part(Row& row, Plan& plan, int64_t& budget) {
  const int64_t tokens = std::min(row.known - row.computed, budget);
  plan.prompts.push_back({.id = row.demand.id, .first = row.computed, .tokens = tokens});
  row.computed += tokens;
  budget -= tokens;
  if (row.computed < row.known) return;
  row.prompting = false;
  ++row.known;
}

// Room for what its prompt needs, and for a block more of every row that runs: without it the next
// decodes would take the blocks back.
bool MixedBatching::admit_first(Plan& plan) {
  Row& row = waiting_.front();
  const auto full_blocks =
      static_cast<size_t>(options_.prefix_caching ? (row.known - 1) / kBlockTokens : 0);
  const std::span<const BlockHash> names(row.demand.names.data(),
                                         std::min(row.demand.names.size(), full_blocks));
  const KvTables::Hits hits = tables_.find(names);
  const int64_t needed = blocks_of(row.known) - hits.owned;
  const int64_t spare = std::ssize(running_);
  if (needed + spare > tables_.free()) return false;
  tables_.open(row.demand.id, names.first(static_cast<size_t>(hits.blocks)));
  tables_.grow(row.demand.id, blocks_of(row.known));
  row.computed = hits.blocks * kBlockTokens;
  if (options_.prefix_caching && !row.was_started) {
    plan.prefix.queries += row.demand.prompt_tokens;
    plan.prefix.hits += row.computed;
  }
  row.was_started = true;
  return true;
}

void MixedBatching::admit(Plan& plan, int64_t& budget) {
  while (budget > 0 && !waiting_.empty() && std::ssize(running_) < options_.limits.max_num_seqs &&
         admit_first(plan)) {
    Row row = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    add_part(row, plan, budget);
    enqueue(running_, std::move(row));
  }
}

// After the step is chosen: what a request computes in it can serve others from the next one on.
void MixedBatching::name_computed(const Plan& plan) {
  for (const PromptPart& part : plan.prompts) {
    const auto row =
        std::ranges::find(running_, part.id, [](const Row& each) { return each.demand.id; });
    const std::vector<BlockHash>& names = row->demand.names;
    const int64_t end = std::min((part.first + part.tokens) / kBlockTokens, std::ssize(names));
    for (int64_t i = part.first / kBlockTokens; i < end; ++i) {
      tables_.name(part.id, i, names[static_cast<size_t>(i)]);
    }
  }
}

Plan MixedBatching::next() {
  Plan plan;
  add_decodes(plan);
  last_decodes_ = std::ssize(plan.decodes);
  int64_t budget = options_.token_budget - last_decodes_;
  if (last_decodes_ > 0) budget = std::min(budget, latency_.tokens(last_decodes_));
  const int64_t most = budget;
  for (Row& row : running_) {
    if (budget > 0 && row.prompting) add_part(row, plan, budget);
  }
  if (plan.preempted.empty()) admit(plan, budget);
  last_prompt_tokens_ = most - budget;
  name_computed(plan);
  plan.preempted_waiting = std::ranges::count_if(waiting_, &Row::was_started);
  if (!plan.prompts.empty()) {
    plan.kind = plan.decodes.empty() ? StepKind::kPrefill : StepKind::kMixed;
  } else if (!plan.decodes.empty()) {
    plan.kind = StepKind::kDecode;
  }
  return plan;
}

void MixedBatching::computed(RequestId id, int64_t tokens) {
  const auto row = std::ranges::find(running_, id, [](const Row& each) { return each.demand.id; });
  if (row == running_.end() || row->prompting) return;
  row->computed = std::max(row->computed, tokens);
  row->known = row->computed + 1;
}

void MixedBatching::finish(RequestId id) {
  const auto is_it = [id](const Row& row) { return row.demand.id == id; };
  std::erase_if(waiting_, is_it);
  std::erase_if(running_, is_it);
  tables_.close(id);
}

void MixedBatching::name_block(RequestId id, int64_t index, const BlockHash& hash) {
  const auto row = std::ranges::find(running_, id, [](const Row& each) { return each.demand.id; });
  if (row == running_.end() || index != std::ssize(row->demand.names)) return;
  row->demand.names.push_back(hash);
  tables_.name(id, index, hash);
}

Snapshot MixedBatching::snapshot() const {
  Snapshot snapshot{.blocks_used = tables_.used(), .block_tables = tables_.tables()};
  for (const Row& row : waiting_) snapshot.waiting.push_back(row.demand.id);
  for (const Row& row : running_) {
    snapshot.running.push_back(row.demand.id);
    snapshot.tkv = std::max(snapshot.tkv, row.computed);
  }
  return snapshot;
}

}  // namespace spyre::schedule
