#include "backend/native/autotune.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

namespace spyre::backend {

using compile::PhaseTuning;
using compile::Tuning;

namespace {

using Clock = std::chrono::steady_clock;

// What has to be gained before another value than the default is believed to be better.
constexpr double kWorthwhile = 0.98;
constexpr int kFewestRounds = 3;
constexpr int kMostRounds = 25;

struct Parameter {
  int64_t PhaseTuning::* field;
  std::vector<int64_t> candidates;
  bool only_many_rows;  // makes no difference to a row alone
};

std::vector<Parameter> parameters() {
  constexpr int64_t kKilo = 1024;
  return {{&PhaseTuning::prefetch_bytes, {0, 2 * kKilo, 4 * kKilo, 16 * kKilo}, false},
          {&PhaseTuning::chunk_bytes, {32 * kKilo, 1024 * kKilo}, true},
          {&PhaseTuning::pass_bytes, {128 * kKilo, 1536 * kKilo}, true}};
}

// A step that fills the program: of no meaning, and in range.
class EmptyStep {
 public:
  explicit EmptyStep(const compile::Program& program) {
    for (size_t i = 0; i < values_.size(); ++i) {
      const int32_t value = compile::kStepInputs[i] == "lengths" ? 1 : 0;
      values_[i].assign(static_cast<size_t>(program.capacity[i]), value);
    }
  }
  StepInputs inputs() const {
    return {.tokens = values_[0],
            .positions = values_[1],
            .sequences = values_[2],
            .block_table = values_[3],
            .output_rows = values_[4],
            .token_types = values_[5],
            .lengths = values_[6],
            .position_ids = values_[7]};
  }

 private:
  std::array<std::vector<int32_t>, compile::kStepInputs.size()> values_;
};

class Tuner {
 public:
  Tuner(NativeContext& context, const compile::Program& program, double seconds)
      : context_(context),
        program_(program),
        kinds_(compile::phase_kinds(program)),
        step_(program),
        best_(compile::tuning_of(program)),
        end_(Clock::now() +
             std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds))) {}

  Tuning run() {
    const bool many_rows = program_.capacity[0] > 1;
    std::vector<Parameter> left = parameters();
    if (!many_rows) std::erase_if(left, [](const Parameter& each) { return each.only_many_rows; });
    for (size_t i = 0; i < left.size() && !best_.empty(); ++i) {
      const Clock::duration share = (end_ - Clock::now()) / static_cast<int64_t>(left.size() - i);
      if (!choose(left[i], Clock::now() + share)) break;
    }
    return best_;
  }

 private:
  // False: there was no time for a fair look.
  bool choose(const Parameter& parameter, Clock::time_point end) {
    std::vector<Tuning> tunings = {best_};
    for (const int64_t value : parameter.candidates) {
      Tuning tuning = best_;
      for (PhaseTuning& each : tuning) each.*parameter.field = value;
      tunings.push_back(std::move(tuning));
    }
    std::vector<std::unique_ptr<NativeProgram>> programs;
    programs.reserve(tunings.size());
    for (const Tuning& tuning : tunings) programs.push_back(program_of(tuning));
    int rounds = 0;
    for (; rounds < kMostRounds && (rounds < kFewestRounds || Clock::now() < end); ++rounds) {
      if (rounds < kFewestRounds && Clock::now() > end_) return false;
      for (const auto& program : programs) program->run_without_attention(step_.inputs());
    }
    std::vector<double> fastest = seconds_of_kinds(*programs[0]);
    for (double& each : fastest) each *= kWorthwhile;
    for (size_t i = 1; i < programs.size(); ++i) {
      const std::vector<double> seconds = seconds_of_kinds(*programs[i]);
      for (size_t kind = 0; kind < fastest.size(); ++kind) {
        if (seconds[kind] >= fastest[kind]) continue;
        fastest[kind] = seconds[kind];
        best_[kind] = tunings[i][kind];
      }
    }
    return true;
  }

  std::unique_ptr<NativeProgram> program_of(const Tuning& tuning) {
    compile::Program program = program_;
    compile::apply(program, tuning);
    auto timed = std::make_unique<NativeProgram>(context_, std::move(program), no_code_);
    timed->time_phases();
    return timed;
  }

  std::vector<double> seconds_of_kinds(const NativeProgram& program) const {
    std::vector<double> seconds(best_.size());
    for (size_t i = 0; i < kinds_.size(); ++i) {
      if (kinds_[i] < 0) continue;
      seconds[static_cast<size_t>(kinds_[i])] += program.phase_seconds()[i];
    }
    return seconds;
  }

  NativeContext& context_;
  const compile::Program& program_;
  const std::vector<int64_t> kinds_;
  const EmptyStep step_;
  const CodeStore no_code_{CodeOptions{}};
  Tuning best_;
  const Clock::time_point end_;
};

}  // namespace

Tuning autotune(NativeContext& context, const compile::Program& program, double seconds) {
  return Tuner(context, program, seconds).run();
}

}  // namespace spyre::backend
