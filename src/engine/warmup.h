// Warm-up: before the first request, the programs of every shape (or of continuous batching) are
// prepared and run twice on random tokens, so that all memory is touched and nothing is compiled or
// allocated later; shapes of the same programs are warm after the first of them. What was not
// warmed up has no program, so it never runs. Writes to the KV cache, where nothing is of use to
// anyone yet: a sequence reads only positions that it wrote itself.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "engine/step_shapes.h"
#include "runner/model_runner.h"
#include "schedule/shape.h"

namespace spyre::engine {

struct WarmupOptions {
  StepOptions steps = {};
  std::vector<int32_t> excluded_tokens = {};  // BOS, EOS and the like; 0 always is
};

struct WarmedShape {
  schedule::Shape shape = {};
  double pass1_seconds = 0;  // with the preparation of its programs; both 0: they were warm
  double pass2_seconds = 0;
};

// Called before each pass; false ends the warm-up.
struct WarmupProgress {
  size_t shape = 0;  // or program; of num_shapes, from 0
  size_t num_shapes = 0;
  int pass = 1;  // 1 or 2
};
using WarmupCallback = std::function<bool(const WarmupProgress&)>;

// Warms the shapes up in their order, with a log line each pass. Errors: those of
// ModelRunner::prepare(); kInvalidArgument: a shape is longer than max_model_len, or the KV cache
// has too few blocks for it; kCancelled: the callback said so.
Result<std::vector<WarmedShape>> warm_up(runner::ModelRunner& runner,
                                         std::span<const schedule::Shape> shapes,
                                         const WarmupOptions& options,
                                         const WarmupCallback& progress);

// The same with programs, each on its own. Returns the seconds that it took. Errors: those of
// ModelRunner::prepare(); kCancelled.
Result<double> warm_up_programs(runner::ModelRunner& runner,
                                std::span<const model::StepShape> programs,
                                const WarmupOptions& options, const WarmupCallback& progress);

}  // namespace spyre::engine
