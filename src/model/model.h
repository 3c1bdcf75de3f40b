// From a ModelConfig to a Graph: one family per file, listed in families.cc by architecture name.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "checkpoint/model_config.h"
#include "graph/graph.h"

namespace spyre::model {

// What one graph is specialised for. Its inputs, all i32: "tokens" [rows], "positions" [rows],
// "sequences" [rows] (which row of the block table), "block_table" [sequences, max_blocks],
// "output_rows" [output_rows]. Its output: logits [output_rows, vocab_size], f32.
// Of pooling models also "lengths" [sequences] and, for encoders that ask for them, "token_types"
// [rows] and "position_ids" [rows], the rows of the position table (ModelConfig::first_position): a
// step holds whole texts, each one's rows side by side, and output_rows has an entry for
// each sequence, its last row where the last token is pooled, else its first. The output is
// [output_rows, Pooling::columns()].
struct StepShape {
  int64_t rows = 1;
  int64_t sequences = 1;
  int64_t max_blocks = 1;
  int64_t output_rows = 1;
  bool operator==(const StepShape&) const = default;
};

// max_model_len decides between the short and long factors of longrope (long when it exceeds the
// original length), so that a token's bits never depend on how long the sequence later becomes.
// kUnsupported lists the supported architectures; kInvalidArgument names the field of the config
// that no graph can be built from, or max_model_len beyond a table of learned positions.
Result<graph::Graph> build(const checkpoint::ModelConfig& config, const StepShape& shape,
                           int64_t max_model_len);

std::vector<std::string> supported_architectures();

// Layers of the KV cache: a pooling model has no later step, so its layers use one in turn.
int64_t kv_layers(const checkpoint::ModelConfig& config);

}  // namespace spyre::model
