// Reads the reference fixtures (tests/reference) and runs a model on token ids, for tests of the
// whole forward pass.
#pragma once

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "runner/model_runner.h"

namespace spyre::runner::testing {

std::filesystem::path fixture_path(std::string_view name);  // "decoders/llama"
Json expected_of(std::string_view name);                    // its expected.json

struct RunSettings {
  std::string dtype = "float32";
  int64_t max_model_len = 128;
  int num_threads = 1;
  int64_t chunk_rows = 512;  // rows per prefill step
  kernels::Isa isa = kernels::Isa::kScalar;
  backend::Execution execution = backend::Execution::kEager;
  std::set<std::string, std::less<>> disabled_passes = {};
  int64_t output_rows = 0;                        // of a step, the last ones; 0: all
  std::optional<backend::CodeOptions> code = {};  // compiled by LLVM as well
  std::string compiler = {};                      // another program than this build's
};

// A loaded fixture with block tables laid out so that sequence i owns blocks [i * max_blocks, ...).
class LoadedModel {
 public:
  LoadedModel(std::string_view name, const RunSettings& settings);

  ModelRunner& runner() { return *runner_; }
  // Of its one program, from shapes alone.
  int64_t planned_scratch_bytes() const;

  // Logits of every row of the ids, run in chunks, as sequence `sequence`. [ids.size()][vocab]
  std::vector<std::vector<float>> logits(const std::vector<int32_t>& ids, int32_t sequence = 0);
  // One decode step of several sequences together: token i at position i of sequence i.
  std::vector<std::vector<float>> decode(const std::vector<int32_t>& tokens,
                                         const std::vector<int32_t>& positions,
                                         const std::vector<int32_t>& sequences);

  static constexpr int32_t kMaxSequences = 8;

 private:
  std::vector<std::vector<float>> run(Step& step);

  model::StepShape capacity() const;
  RunnerOptions options() const;

  RunSettings settings_;
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<checkpoint::Checkpoint> checkpoint_;
  std::unique_ptr<ModelRunner> runner_;
};

using Rows = std::vector<std::vector<float>>;
void expect_same_bits(const Rows& a, const Rows& b, std::string_view what);

// log p(token | logits), in double.
double log_probability(const std::vector<float>& logits, int32_t token);
int32_t argmax(const std::vector<float>& logits);

}  // namespace spyre::runner::testing
