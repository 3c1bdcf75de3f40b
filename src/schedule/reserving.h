// Batching without shapes, for offline runs: requests are admitted in order of arrival, each when
// its sequences and all the KV blocks that it can ever need are free, so nothing that runs is ever
// stopped for lack of memory. A step is a chunk of one prompt, the oldest first, or, when no prompt
// is left to run, one token of every running sequence.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "schedule/scheduler.h"

namespace spyre::schedule {

struct ReservingOptions {
  int64_t max_sequences = 1;         // that run at once
  int64_t kv_blocks = 0;             // of the cache, kBlockTokens each
  int64_t max_model_len = 0;         // tokens of a sequence, prompt and answer
  int64_t prompt_chunk_tokens = 64;  // of one prefill step, at most
};

class Reserving final : public Scheduler {
 public:
  // kInvalidArgument: an option below 1.
  static Result<std::unique_ptr<Reserving>> create(const ReservingOptions& options);

  // kInvalidArgument: a prompt that leaves no room for an answer, more sequences or KV blocks than
  // there are; the message names the setting.
  Status admissible(const Demand& demand) const override;
  int64_t most_new_tokens(int64_t prompt_tokens) const override;
  int64_t most_sequences(int64_t prompt_tokens, int64_t max_tokens) const override;

  void add(const Demand& demand) override;
  Plan next() override;
  void computed(RequestId id, int64_t tokens) override;
  void finish(RequestId id) override;

  // tkv: the longest running sequence. blocks_used: what the running requests hold at most:
  // sequences that ended early or share more than their prompt are not known here. block_tables:
  // none, the ids are the engine's.
  Snapshot snapshot() const override;

 private:
  struct Running {
    Demand demand;
    int64_t tokens = 0;  // of each sequence that have been computed, prompt first
  };

  explicit Reserving(const ReservingOptions& options);

  int64_t blocks_each(int64_t prompt_tokens, int64_t max_tokens) const;
  int64_t most_blocks(const Demand& demand) const;
  void admit();

  const ReservingOptions options_;
  std::deque<Demand> waiting_;
  std::vector<Running> running_;  // in order of admission
  int64_t reserved_blocks_ = 0;
  int64_t reserved_sequences_ = 0;
};

}  // namespace spyre::schedule
