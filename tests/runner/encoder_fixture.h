// Pooling fixtures (tests/reference/encoders) and a model of one, for tests of whole texts.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runner/fixture.h"

namespace spyre::runner::testing {

struct Text {
  std::vector<int32_t> ids;
  std::vector<int32_t> types;
  std::vector<float> wanted;  // before normalisation and activation
};

// The items of a fixture, "encoders/bert_mean".
std::vector<Text> texts_of(std::string_view name);

struct EncoderSettings {
  std::string dtype = "float32";
  int threads = 1;
  kernels::Isa isa = kernels::best_isa(detect_cpu_features());
  backend::Execution execution = backend::Execution::kEager;
  std::optional<backend::CodeOptions> code = {};  // compiled by LLVM as well
};

class Encoder {
 public:
  Encoder(std::string_view name, const EncoderSettings& settings);

  // All texts in one step. [texts][output_columns]
  Rows run(std::span<const Text> texts);

  ModelRunner& runner() { return *runner_; }

  static constexpr int64_t kSequences = 8;
  static constexpr int64_t kRows = 512;

 private:
  std::unique_ptr<ThreadPool> pool_;
  std::unique_ptr<checkpoint::Checkpoint> checkpoint_;
  std::unique_ptr<ModelRunner> runner_;
};

}  // namespace spyre::runner::testing
