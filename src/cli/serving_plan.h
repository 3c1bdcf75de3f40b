// What serving a model takes, from the settings: shapes, limits, programs and memory, in any mode.
// The same for the
// server's start, for replays and for the memory plan that is printed.
#pragma once

#include "cli/open_model.h"
#include "config/settings.h"
#include "config/warmup_shapes.h"
#include "engine/step_shapes.h"
#include "plan/serving_plan.h"
#include "schedule/static_batching.h"

namespace spyre::cli {

// The shapes of VLLM_SPYRE_WARMUP_*; none: to be planned. kInvalidArgument: lists that make no
// sense.
Result<std::vector<schedule::Shape>> configured_shapes(const config::Settings& settings,
                                                       config::ModelUse use);

// Whether batches of a pooling model are packed: as --pack-tokens says, else outside of strict
// shapes, which are those that the user gives to a sendnn backend.
bool packs_tokens(const config::Settings& settings);

// --max-num-seqs, when it was given.
std::optional<int64_t> wanted_max_num_seqs(const config::Settings& settings);

// --shape-choice.
schedule::ShapeChoice shape_choice(const config::Settings& settings);

// How the programs of a shape look under --speculative-config. kInvalidArgument: what it says.
Result<engine::StepOptions> step_options(const config::Settings& settings);

// --max-num-batched-tokens, or the variable that also names it, VLLM_DT_CHUNK_LEN.
int64_t chunk_tokens(const config::Settings& settings);

// Errors: those of configured_shapes(), plan::plan_static(), plan::plan_pooling() and
// plan::plan_continuous();
// kUnsupported: another device.
// Whether it fits is for plan::check_fits() to say.
Result<plan::ServingPlan> serving_plan(const config::Settings& settings, const OpenModel& model);

// Limits alone, as if memory had no end. kInvalidArgument: neither shapes nor --max-model-len.
Result<plan::ServingPlan> plan_without_model(const config::Settings& settings);

// The plan of what is about to start: its shapes say whether the run is known
// (known_configuration.h), and what is known may add to settings and change the plan. Errors of
// both.
Result<plan::ServingPlan> settled_plan(config::Settings& settings, const OpenModel& model);

}  // namespace spyre::cli
