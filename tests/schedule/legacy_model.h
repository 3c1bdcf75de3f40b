// Continuous batching with whole prefills and both of its optimisations, rule by rule.
#pragma once

#include <deque>

#include "model.h"

namespace spyre::schedule::testing {

struct LegacyModelOptions {
  ModelLimits limits = {};
  int64_t volume_limit = 0;
  bool drop_padding = true;
  std::optional<int64_t> prefill_priority_tokens = {};
  std::optional<double> max_waiting_s = {};
};

class LegacyModel {
 public:
  explicit LegacyModel(const LegacyModelOptions& options) : options_(options) {}

  bool admits(const Demand& demand) const {
    return ceil64(demand.prompt_tokens) + demand.max_tokens <= options_.limits.max_model_len;
  }

  void add(const Demand& demand) { waiting_.push_back(demand); }
  void name_block(RequestId, int64_t, const BlockHash&) {}
  void set_time(double now_s) { now_s_ = now_s; }

  // Blocks and reservation of who ended count until the start of the next step.
  void finish(RequestId id) {
    std::erase_if(waiting_, [id](const Demand& demand) { return demand.id == id; });
    for (const Row& row : running_) {
      if (row.demand.id == id) ended_.push_back(row);
    }
    std::erase_if(running_, [id](const Row& row) { return row.demand.id == id; });
  }

  // One prefill of one request, or a decode of all. Prefills go first; only the head is looked at.
  Plan next() {
    if (running_.empty()) closed_ = false;
    const bool joins = !waiting_.empty() && head_may_join();
    ended_.clear();
    if (joins) return prefill();
    if (!running_.empty()) return decode();
    tkv_ = 0;
    return {};
  }

  Snapshot state() const {
    Snapshot state = {.tkv = tkv_, .blocks_reserved = reserved()};
    for (const Demand& demand : waiting_) state.waiting.push_back(demand.id);
    for (const Row& row : running_) {
      state.running.push_back(row.demand.id);
      state.blocks_used += row.blocks;
    }
    for (const Row& row : ended_) state.blocks_used += row.blocks;
    return state;
  }

 private:
  struct Row {
    Demand demand;
    int64_t padding = 0;
    int64_t computed = 0;
    int64_t blocks = 0;  // those that hold tokens
    int64_t reserved = 0;

    int64_t remaining() const { return demand.max_tokens - (computed - demand.prompt_tokens); }
  };

  int64_t reserved() const {
    int64_t sum = 0;
    for (const Row& row : running_) sum += row.reserved;
    for (const Row& row : ended_) sum += row.reserved;
    return sum;
  }

  // The batch's length when this prompt is in: a longer one shifts it by whole blocks.
  int64_t length_with(const Demand& head) const {
    if (running_.empty()) return ceil64(head.prompt_tokens);
    if (head.prompt_tokens <= tkv_) return tkv_;
    return tkv_ + ceil64(head.prompt_tokens - tkv_);
  }
  // From the first block that is not all padding to the answer's end.
  static int64_t blocks_needed(const Demand& head, int64_t t) {
    return blocks_for(t + head.max_tokens - 1) - (t - head.prompt_tokens) / kBlock;
  }

  bool head_may_join() {
    const Demand& head = waiting_.front();
    if (running_.empty()) return true;
    if (closed_) return false;
    // Nobody joins after one that waited too long, be it that itself cannot join now, until the
    // batch is through.
    if (waited_too_long(head)) closed_ = true;
    const int64_t t = length_with(head);
    return std::ssize(running_) < options_.limits.max_num_seqs && lengths_fit(head, t) &&
           blocks_needed(head, t) <= options_.limits.kv_blocks - reserved() &&
           volume_fits(head, t) && !interrupts_too_long(head, t);
  }
  // Only prefills of so many padded tokens may make decodes wait; whole blocks of padding on the
  // left are not computed.
  bool interrupts_too_long(const Demand& head, int64_t t) const {
    const int64_t padded = ceil64(t) - kBlock * ((t - head.prompt_tokens) / kBlock);
    return options_.prefill_priority_tokens && padded > *options_.prefill_priority_tokens;
  }
  bool waited_too_long(const Demand& head) const {
    return options_.max_waiting_s && now_s_ - head.arrival_s > *options_.max_waiting_s;
  }
  bool lengths_fit(const Demand& head, int64_t t) const {
    const int64_t room = options_.limits.max_model_len - t;
    if (head.max_tokens > room) return false;
    if (t == tkv_) return true;
    return std::ranges::all_of(running_,
                               [room](const Row& row) { return row.remaining() <= room; });
  }
  bool volume_fits(const Demand& head, int64_t t) const {
    std::vector<int64_t> reaches;
    for (const Row& row : running_) reaches.push_back(t + row.remaining() - 1);
    return reached_volume(t + head.max_tokens - 1, reaches) <= options_.volume_limit;
  }

  Plan prefill() {
    const Demand head = waiting_.front();
    waiting_.pop_front();
    if (!running_.empty()) remove_padding();
    // All others get the shift as padding on their left.
    const int64_t t = length_with(head);
    for (Row& row : running_) row.padding += t - tkv_;
    tkv_ = t;
    const int64_t padding = t - head.prompt_tokens;
    running_.insert(running_.begin(), {.demand = head,
                                       .padding = padding,
                                       .computed = head.prompt_tokens,
                                       .blocks = blocks_for(t) - padding / kBlock,
                                       .reserved = blocks_needed(head, t)});
    return {.kind = StepKind::kPrefill,
            .prompts = {{.id = head.id,
                         .first = 0,
                         .tokens = head.prompt_tokens,
                         .left_padding = padding % kBlock}}};
  }

  Plan decode() {
    remove_padding();
    Plan plan = {.kind = StepKind::kDecode};
    for (Row& row : running_) {
      if (tkv_ % kBlock == 0) row.blocks += 1;
      row.computed += 1;
      plan.decodes.push_back(row.demand.id);
    }
    tkv_ += 1;
    return plan;
  }

  // Whole blocks of padding that every row has go; they are no blocks of the pool.
  void remove_padding() {
    if (!options_.drop_padding) return;
    int64_t least = running_.front().padding;
    for (const Row& row : running_) least = std::min(least, row.padding);
    const int64_t k = least / kBlock;
    for (Row& row : running_) row.padding -= kBlock * k;
    tkv_ -= kBlock * k;
  }

  const LegacyModelOptions options_;
  std::deque<Demand> waiting_;
  std::vector<Row> running_;  // the newest first
  std::vector<Row> ended_;    // since the last step
  int64_t tkv_ = 0;
  double now_s_ = 0;
  bool closed_ = false;
};

}  // namespace spyre::schedule::testing
