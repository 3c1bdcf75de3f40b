// Chunked prefill with prefix caching and pausing (VLLM_SPYRE_USE_CB=1 and
// VLLM_SPYRE_USE_CHUNKED_PREFILL=1). A step is one chunk of one prompt (chunk_layout.h), or a
// decode of the rows that the volume limit allows (pausing.h). One prefill is in flight at a time;
// with interleaving, a decode comes between its chunks. All blocks that a request can need are
// reserved at its first chunk. Blocks are found by their content: chunks that lie whole in such
// blocks are skipped, and what is shared is never written again.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "schedule/chunk_layout.h"
#include "schedule/kv_tables.h"

namespace spyre::schedule {

struct ChunkedBatchingOptions {
  ContinuousLimits limits = {};
  int64_t chunk_tokens = 512;  // --max-num-batched-tokens, a multiple of kBlockTokens
  int64_t volume_limit = 0;    // VLLM_DT_MAX_BATCH_TKV_LIMIT: rows times tkv
  bool interleave = true;      // VLLM_SPYRE_CP_INTERLEAVE_STEPS
  bool pausing = true;        // VLLM_SPYRE_PAUSING_ENABLED; else the volume is looked at on joining
  bool long_outputs = false;  // VLLM_SPYRE_LONG_OUT_PRIO
  bool prefix_caching = true;
};

class ChunkedBatching final : public Scheduler {
 public:
  // kInvalidArgument: limits that make no sense (check()), a volume limit below max_model_len, a
  // chunk that is no multiple of a block.
  static Result<std::unique_ptr<ChunkedBatching>> create(const ChunkedBatchingOptions& options);

  Status admissible(const Demand& demand) const override;
  int64_t most_new_tokens(int64_t prompt_tokens) const override;
  int64_t most_sequences(int64_t, int64_t) const override { return 1; }

  void add(const Demand& demand) override { waiting_.push_back(demand); }
  Plan next() override;
  void computed(RequestId id, int64_t tokens) override;
  void finish(RequestId id) override;

  bool owns_blocks() const override { return true; }
  std::span<const int32_t> blocks(RequestId id) const override { return tables_.table(id); }
  int64_t blocks_used() const override { return tables_.used(); }
  bool caches_prefixes() const override { return options_.prefix_caching; }
  void name_block(RequestId id, int64_t index, const BlockHash& hash) override {
    tables_.name(id, index, hash);
  }

  // tkv: the prompt's length after a chunk of it, else decode_tkv() of the last decode; 0 one step
  // after the last request's end. blocks_reserved: beyond those in use.
  Snapshot snapshot() const override;

 private:
  struct Row {
    Demand demand;
    ChunkLayout layout;
    int64_t chunk = 0;     // the next one
    int64_t computed = 0;  // tokens, those in shared blocks included
    int64_t waited = 0;    // steps paused

    bool prompting() const { return computed < demand.prompt_tokens; }
    int64_t generated() const { return computed - demand.prompt_tokens; }
  };
  struct Fit {
    int64_t hit_blocks = 0;
    int64_t skipped_chunks = 0;
  };

  explicit ChunkedBatching(const ChunkedBatchingOptions& options)
      : options_(options), tables_(options.limits.kv_blocks) {}

  Row* in_flight();
  int64_t num_decoding() const;
  bool start_one(Plan& plan);
  bool may_start(const Demand& demand, const Fit& fit) const;
  bool may_continue(const Row& row) const;
  bool last_chunk_fits(const Demand& demand) const;
  bool volume_fits(const Demand& demand) const;
  bool must_decode_first() const;
  void start(const Demand& demand, const Fit& fit, Plan& plan);
  void add_chunk(Row& row, Plan& plan);
  int64_t gather_decoding();
  void add_decodes(Plan& plan);
  void pause_and_resume(Plan& plan);

  const ChunkedBatchingOptions options_;
  KvTables tables_;
  std::deque<Demand> waiting_;
  std::vector<Row> running_;  // those first that the last step worked on
  std::vector<Row> paused_;
  int64_t tkv_ = 0;
  bool last_was_prefill_ = false;
};

}  // namespace spyre::schedule
