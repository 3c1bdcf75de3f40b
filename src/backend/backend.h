// What runs a Graph. A backend prepares a graph once into a Program; a step fills the inputs and
// runs it. Programs of one backend share its scratch memory, so one runs at a time, on the engine
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "backend/program_report.h"
#include "base/result.h"
#include "graph/graph.h"

namespace spyre::backend {

// The inputs of model::StepShape, by name. The graph's leading dimensions are a capacity: a step
// may have fewer rows, sequences and output rows than that, at least one each, and only those are
// computed. All values must be in range: tokens inside the vocabulary, sequences inside the block
// table, blocks inside the KV cache, output_rows inside the rows.
struct StepInputs {
  std::span<const int32_t> tokens;       // [rows]
  std::span<const int32_t> positions;    // [rows]
  std::span<const int32_t> sequences;    // [rows]
  std::span<const int32_t> block_table;  // [sequences, max_blocks]
  std::span<const int32_t> output_rows;  // [output_rows]
  // Pooling models. lengths: tokens of each sequence, all of them rows of the step, side by side.
  std::span<const int32_t> token_types = {};   // [rows]
  std::span<const int32_t> lengths = {};       // [sequences]
  std::span<const int32_t> position_ids = {};  // [rows]: rows of the position table
};

// What became of the machine code of a backend's programs.
struct CodeReport {
  int64_t compiled = 0;
  int64_t failed = 0;      // run over ahead-of-time pieces
  int64_t cache_hits = 0;  // programs
  int64_t cache_misses = 0;
  size_t code_bytes = 0;
  double compile_seconds = 0;  // of the compiler's threads together
};

class Program {
 public:
  virtual ~Program() = default;
  // Returns the step's logits, [inputs.output_rows, vocab_size], writable until the next run of any
  // program of the backend. Allocates nothing, cannot fail.
  virtual std::span<float> run(const StepInputs& inputs) = 0;
  // Of what runs op by op there is nothing to tell.
  virtual std::optional<ProgramReport> report() const { return std::nullopt; }
};

class Backend {
 public:
  virtual ~Backend() = default;
  // kInvalidArgument: an input, weight or layer that the backend does not have. kResourceExhausted:
  // no memory for scratch.
  // name: what people call the program, "LlamaForCausalLM 512 rows".
  virtual Result<std::unique_ptr<Program>> prepare(const graph::Graph& graph,
                                                   std::string_view name) = 0;
  // Memory set aside for values and scratch; shared by all programs, as large as the largest asks.
  virtual int64_t scratch_bytes() const = 0;
  virtual CodeReport code_report() const { return {}; }
};

}  // namespace spyre::backend
