// Our own continuous batching, rule by rule: as mixed_batching.h tells them.
#pragma once

#include "model.h"
#include "naive_pool.h"

namespace spyre::schedule::testing {

struct MixedModelOptions {
  ModelLimits limits = {};
  int64_t token_budget = 512;
  bool by_priority = false;
  bool prefix_caching = true;
};

class MixedModel {
 public:
  explicit MixedModel(const MixedModelOptions& options)
      : options_(options), pool_(options.limits.kv_blocks) {}

  bool admits(const Demand& demand) const {
    return demand.prompt_tokens + demand.max_tokens <= options_.limits.max_model_len;
  }

  void add(const Demand& demand) {
    enqueue(waiting_, {.demand = demand, .arrival = arrivals_++, .known = demand.prompt_tokens});
  }
  void set_time(double) {}
  // The names of blocks that decodes filled are kept: after a preemption they can be found.
  void name_block(RequestId id, int64_t index, const BlockHash& name) {
    for (Row& row : running_) {
      if (row.demand.id != id) continue;
      row.demand.names.push_back(name);
      pool_.name(row.table[static_cast<size_t>(index)], name);
    }
  }

  void finish(RequestId id) {
    std::erase_if(waiting_, [id](const Row& row) { return row.demand.id == id; });
    for (Row& row : running_) {
      if (row.demand.id == id) give_back(row);
    }
    std::erase_if(running_, [id](const Row& row) { return row.demand.id == id; });
  }

  // A token of all that decode, then prompts up to the budget: those that run, then new ones.
  Plan next() {
    Plan plan;
    decode(plan);
    int64_t budget = options_.token_budget - std::ssize(plan.decodes);
    for (Row& row : running_) {
      if (row.prompting) add_part(row, plan, budget);
    }
    // Who lost its blocks in this step waits for the next one.
    while (plan.preempted.empty() && budget > 0 && admit_first(plan)) {
      add_part(running_row(plan_id_), plan, budget);
    }
    name_computed(plan);
    if (!plan.prompts.empty()) {
      plan.kind = plan.decodes.empty() ? StepKind::kPrefill : StepKind::kMixed;
    } else if (!plan.decodes.empty()) {
      plan.kind = StepKind::kDecode;
    }
    return plan;
  }

  // tkv: the longest that runs.
  Snapshot state() const {
    Snapshot state = {.blocks_used = pool_.used()};
    for (const Row& row : waiting_) state.waiting.push_back(row.demand.id);
    for (const Row& row : running_) {
      state.running.push_back(row.demand.id);
      state.tkv = std::max(state.tkv, row.computed);
    }
    return state;
  }

 private:
  struct Row {
    Demand demand;
    int64_t arrival = 0;
    int64_t known = 0;     // tokens of the prompt and of the answer so far
    int64_t computed = 0;  // of them
    bool prompting = true;
    bool was_looked_up = false;
    std::vector<size_t> table = {};
  };

  bool goes_before(const Row& a, const Row& b) const {
    if (options_.by_priority && a.demand.priority != b.demand.priority) {
      return a.demand.priority < b.demand.priority;
    }
    return a.arrival < b.arrival;
  }
  void enqueue(std::vector<Row>& rows, Row row) const {
    rows.push_back(std::move(row));
    std::ranges::sort(rows, [this](const Row& a, const Row& b) { return goes_before(a, b); });
  }
  void give_back(Row& row) {
    for (size_t i = row.table.size(); i-- > 0;) pool_.release(row.table[i]);
    row.table.clear();
  }
  void grow(Row& row, int64_t tokens) {
    while (std::ssize(row.table) < blocks_for(tokens)) row.table.push_back(pool_.take());
  }

  // In their order; the last of all gives way while there is no block, maybe the one itself.
  void decode(Plan& plan) {
    for (size_t i = 0; i < running_.size(); ++i) {
      if (running_[i].prompting) continue;
      const auto lacks_a_block = [&] {
        return blocks_for(running_[i].computed + 1) > std::ssize(running_[i].table) &&
               pool_.free() == 0;
      };
      while (i < running_.size() && lacks_a_block()) preempt_last(plan);
      if (i >= running_.size()) return;
      grow(running_[i], running_[i].computed + 1);
      running_[i].computed += 1;
      running_[i].known += 1;
      plan.decodes.push_back(running_[i].demand.id);
    }
  }
  void preempt_last(Plan& plan) {
    Row row = running_.back();
    running_.pop_back();
    give_back(row);
    row.computed = 0;
    row.prompting = true;
    plan.preempted.push_back(row.demand.id);
    enqueue(waiting_, row);
  }

  Row& running_row(RequestId id) {
    return *std::ranges::find_if(running_, [id](const Row& row) { return row.demand.id == id; });
  }

  // The next of those that wait, if its prompt finds room, and beside it a block more for each that
  // runs.
  bool admit_first(Plan& plan) {
    if (waiting_.empty() || std::ssize(running_) >= options_.limits.max_num_seqs) return false;
    Row row = waiting_.front();
    std::vector<size_t> found;
    int64_t in_use = 0;
    if (options_.prefix_caching) {
      const auto most = static_cast<size_t>((row.known - 1) / kBlock);
      const std::span<const BlockHash> names = row.demand.names;
      found = pool_.find_all(names.first(std::min(most, names.size())));
      for (const size_t block : found) in_use += pool_.is_free(block) ? 0 : 1;
    }
    if (blocks_for(row.known) - in_use + std::ssize(running_) > pool_.free()) return false;
    for (const size_t block : found) pool_.own(block);
    row.table = found;
    row.computed = kBlock * std::ssize(found);
    grow(row, row.known);
    if (options_.prefix_caching && !row.was_looked_up) {
      plan.prefix.queries += row.demand.prompt_tokens;
      plan.prefix.hits += row.computed;
    }
    row.was_looked_up = true;
    plan_id_ = row.demand.id;
    waiting_.erase(waiting_.begin());
    enqueue(running_, row);
    return true;
  }

  void add_part(Row& row, Plan& plan, int64_t& budget) {
    const int64_t tokens = std::min(budget, row.known - row.computed);
    if (tokens == 0) return;
    plan.prompts.push_back({.id = row.demand.id, .first = row.computed, .tokens = tokens});
    row.computed += tokens;
    budget -= tokens;
    if (row.computed < row.known) return;
    row.prompting = false;
    row.known += 1;  // the last token of a prompt gives the next one
  }

  // What a step computes serves others from the next one on.
  void name_computed(const Plan& plan) {
    if (!options_.prefix_caching) return;
    for (const PromptPart& part : plan.prompts) {
      const Row& row = running_row(part.id);
      for (size_t i = 0; i < row.demand.names.size(); ++i) {
        if (kBlock * static_cast<int64_t>(i + 1) > row.computed) break;
        pool_.name(row.table[i], row.demand.names[i]);
      }
    }
  }

  const MixedModelOptions options_;
  NaivePool pool_;
  std::vector<Row> waiting_;  // the next first
  std::vector<Row> running_;  // the last loses its blocks first
  int64_t arrivals_ = 0;
  RequestId plan_id_ = 0;
};

}  // namespace spyre::schedule::testing
