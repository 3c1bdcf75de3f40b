// Owns a loaded model: its weights, its KV cache, its backend and the programs prepared for it. It
// turns a step (token rows of any sequences, with their block tables) into logits. Who runs when,
// and which block belongs to whom, is decided elsewhere.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/create.h"
#include "backend/kv_cache.h"
#include "backend/weights.h"
#include "base/thread_pool.h"
#include "checkpoint/checkpoint.h"
#include "model/model.h"
#include "runner/load_weights.h"
#include "runner/precision.h"

namespace spyre::runner {

struct RunnerOptions {
  Precision precision;
  int64_t max_model_len = 0;  // tokens, prompt and output of one sequence
  int64_t kv_blocks = 0;      // of 64 tokens
  backend::BackendOptions backend = {};
};

// The rows of one step. Vectors keep their capacity: refill the same Step to allocate nothing.
struct Step {
  std::vector<int32_t> tokens;       // per row
  std::vector<int32_t> positions;    // per row
  std::vector<int32_t> sequences;    // per row: which row of block_table
  std::vector<int32_t> block_table;  // [num_sequences, max_blocks()]
  std::vector<int32_t> output_rows;  // rows whose logits are wanted, at least one
  std::vector<int32_t> token_types;  // pooling models: per row
  std::vector<int32_t> lengths;      // pooling models: per sequence, its tokens
  int64_t num_sequences = 0;

  void clear();
};

class ModelRunner {
 public:
  // Errors: those of model::build and load_weights.
  static Result<std::unique_ptr<ModelRunner>> load(const checkpoint::Checkpoint& checkpoint,
                                                   const RunnerOptions& options, ThreadPool& pool,
                                                   const LoadProgress& progress);

  // Prepares a program for steps of at most so many rows, sequences and output rows; max_blocks is
  // the runner's own. A capacity that is there already is not prepared twice. kResourceExhausted:
  // no memory for its scratch; errors of model::build.
  Status prepare(model::StepShape capacity);

  // Logits, or a pooling model's vectors, [output_rows, output_columns()], writable until the next
  // run. Runs the smallest prepared
  // program that holds the step; allocates nothing. kInternal: none does.
  Result<std::span<float>> run(const Step& step);

  // Copies one KV block's content, in every layer.
  void copy_block(int32_t from, int32_t to) const { kv_cache_.copy_block(from, to); }

  int64_t vocab_size() const { return config_.vocab_size; }
  bool pools() const { return config_.pooling.has_value(); }
  // Of pooling models: which row of a sequence is its output row, the last or the first.
  bool pools_last_row() const {
    return pools() && config_.pooling->type == checkpoint::PoolingType::kLast;
  }
  // Rows of the token type table; 0: there is none.
  int64_t num_token_types() const { return config_.num_token_types; }
  int64_t output_columns() const {
    return pools() ? config_.pooling->columns(config_.hidden_size) : config_.vocab_size;
  }
  int64_t max_model_len() const { return options_.max_model_len; }
  int64_t max_blocks() const;  // of one sequence
  int64_t weight_bytes() const;
  int64_t scratch_bytes() const { return backend_->scratch_bytes(); }  // of the prepared programs
  backend::CodeReport code_report() const { return backend_->code_report(); }
  const backend::KvCache& kv_cache() const { return kv_cache_; }

  struct ProgramOverview {
    std::string name;
    model::StepShape capacity;
    backend::ProgramReport report;
  };
  // Of the compiled programs, the smaller before the larger.
  std::vector<ProgramOverview> programs() const;

 private:
  ModelRunner() = default;

  checkpoint::ModelConfig config_;
  RunnerOptions options_;
  backend::WeightSet weights_;
  backend::KvCache kv_cache_;
  std::unique_ptr<backend::Backend> backend_;

  struct Prepared {
    std::string name;
    model::StepShape capacity;
    std::unique_ptr<backend::Program> program;
  };
  std::vector<Prepared> programs_;     // the smaller before the larger
  std::vector<int32_t> position_ids_;  // of the running step; empty: its positions

  void number_positions(const Step& step);
};

}  // namespace spyre::runner
