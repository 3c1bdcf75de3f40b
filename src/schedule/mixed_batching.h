// Our own continuous batching (--scheduler mixed), without a card's rules: every step takes a token
// of all that decode and fills its token budget with prompts, the oldest first. Nothing is reserved
// for answers: when blocks run out, the request that came last loses its own and is computed again
// later, by the same tokens, so with the same bits. Blocks are found by their content, and a prompt
// starts at its first block that is not there. Agrawal et al. 2023 (arXiv 2308.16369), Kwon et al.
// 2023 (arXiv 2309.06180).
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "schedule/continuous.h"
#include "schedule/kv_tables.h"
#include "schedule/latency_budget.h"

namespace spyre::schedule {

struct MixedBatchingOptions {
  ContinuousLimits limits = {};
  int64_t token_budget = 512;               // --max-num-batched-tokens: rows of a step
  std::optional<double> itl_target_s = {};  // --itl-target-ms (latency_budget.h)
  bool by_priority = false;                 // --scheduling-policy priority
  bool prefix_caching = true;
};

class MixedBatching final : public Scheduler {
 public:
  // kInvalidArgument: limits that make no sense (check()), a budget below 1.
  static Result<std::unique_ptr<MixedBatching>> create(const MixedBatchingOptions& options);

  Status admissible(const Demand& demand) const override;
  int64_t most_new_tokens(int64_t prompt_tokens) const override;
  int64_t most_sequences(int64_t, int64_t) const override { return 1; }

  void add(const Demand& demand) override;
  void took(double seconds) override;
  Plan next() override;
  void computed(RequestId id, int64_t tokens) override;
  void finish(RequestId id) override;

  bool owns_blocks() const override { return true; }
  std::span<const int32_t> blocks(RequestId id) const override { return tables_.table(id); }
  int64_t blocks_used() const override { return tables_.used(); }
  bool caches_prefixes() const override { return options_.prefix_caching; }
  void name_block(RequestId id, int64_t index, const BlockHash& hash) override;

  // tkv: the longest running request. blocks_reserved: 0.
  Snapshot snapshot() const override;

 private:
  // A request, from its arrival to its end.
  struct Row {
    Demand demand;          // with the names of all its full blocks so far
    uint64_t arrival = 0;   // number of its arrival
    int64_t known = 0;      // tokens: the prompt, and what was generated
    int64_t computed = 0;   // of them
    bool prompting = true;  // tokens that are known are still to be computed
    bool was_started = false;
  };

  explicit MixedBatching(const MixedBatchingOptions& options)
      : options_(options),
        tables_(options.limits.kv_blocks),
        latency_(options.itl_target_s, options.token_budget) {}

  bool goes_before(const Row& a, const Row& b) const;
  void enqueue(std::vector<Row>& rows, Row row) const;
  void add_decodes(Plan& plan);
  void preempt_last(Plan& plan);
  void admit(Plan& plan, int64_t& budget);
  bool admit_first(Plan& plan);
  void add_part(Row& row, Plan& plan, int64_t& budget);
  void name_computed(const Plan& plan);

  const MixedBatchingOptions options_;
  KvTables tables_;
  LatencyBudget latency_;
  std::vector<Row> waiting_;  // the next first
  std::vector<Row> running_;  // those that lose their blocks last first
  uint64_t arrivals_ = 0;
  int64_t last_decodes_ = 0;  // of the last step
  int64_t last_prompt_tokens_ = 0;
};

}  // namespace spyre::schedule
