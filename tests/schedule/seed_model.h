// Continuous batching as it began, rule by rule.
#pragma once

#include <deque>

#include "model.h"

namespace spyre::schedule::testing {

struct SeedModelOptions {
  ModelLimits limits = {};
  bool drop_padding = false;
};

class SeedModel {
 public:
  explicit SeedModel(const SeedModelOptions& options) : options_(options) {}

  // The padded prompt and the answer fit in the model's length.
  bool admits(const Demand& demand) const {
    return ceil64(demand.prompt_tokens) + demand.max_tokens <= options_.limits.max_model_len;
  }

  void add(const Demand& demand) { waiting_.push_back(demand); }
  void name_block(RequestId, int64_t, const BlockHash&) {}
  void set_time(double) {}

  // Blocks of who ended are released at the start of the next step.
  void finish(RequestId id) {
    std::erase_if(waiting_, [id](const Demand& demand) { return demand.id == id; });
    for (const Row& row : running_) {
      if (row.id == id) ended_blocks_ += row.blocks;
    }
    std::erase_if(running_, [id](const Row& row) { return row.id == id; });
  }

  // One prefill of one request, or a decode of all. Prefills go first; only the head is looked at.
  Plan next() {
    ended_blocks_ = 0;
    if (!waiting_.empty() && head_may_join()) return prefill();
    if (!running_.empty()) return decode();
    tkv_ = 0;
    return {};
  }

  Snapshot state() const {
    Snapshot state = {.tkv = tkv_, .blocks_used = ended_blocks_};
    for (const Demand& demand : waiting_) state.waiting.push_back(demand.id);
    for (const Row& row : running_) {
      state.running.push_back(row.id);
      state.blocks_used += row.blocks;
    }
    return state;
  }

 private:
  struct Row {
    RequestId id = 0;
    int64_t padding = 0;
    int64_t blocks = 0;
  };

  bool head_may_join() const {
    const Demand& head = waiting_.front();
    if (running_.empty()) return true;
    return std::ssize(running_) < options_.limits.max_num_seqs && head.prompt_tokens <= tkv_ &&
           head.max_tokens <= options_.limits.max_model_len - tkv_;
  }

  Plan prefill() {
    const Demand head = waiting_.front();
    waiting_.pop_front();
    // The first of a batch makes it as long as its prompt's blocks.
    if (running_.empty()) tkv_ = ceil64(head.prompt_tokens);
    // Padded on the left to tkv, on the right to the block's end.
    const int64_t padding = tkv_ - head.prompt_tokens;
    running_.insert(running_.begin(),
                    {.id = head.id, .padding = padding, .blocks = blocks_for(tkv_)});
    return {
        .kind = StepKind::kPrefill,
        .prompts = {
            {.id = head.id, .first = 0, .tokens = head.prompt_tokens, .left_padding = padding}}};
  }

  Plan decode() {
    if (options_.drop_padding) remove_padding();
    Plan plan = {.kind = StepKind::kDecode};
    for (Row& row : running_) {
      if (tkv_ % kBlock == 0) row.blocks += 1;
      plan.decodes.push_back(row.id);
    }
    tkv_ += 1;
    return plan;
  }

  // Blocks that are padding in every row are freed.
  void remove_padding() {
    int64_t least = running_.front().padding;
    for (const Row& row : running_) least = std::min(least, row.padding);
    const int64_t k = least / kBlock;
    for (Row& row : running_) {
      row.blocks -= k;
      row.padding -= kBlock * k;
    }
    tkv_ -= kBlock * k;
  }

  const SeedModelOptions options_;
  std::deque<Demand> waiting_;
  std::vector<Row> running_;  // the newest first
  int64_t tkv_ = 0;
  int64_t ended_blocks_ = 0;
};

}  // namespace spyre::schedule::testing
