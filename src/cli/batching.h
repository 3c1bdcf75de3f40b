// Which batching mode the settings ask for, and its scheduler.
#pragma once

#include <memory>
#include <string_view>

#include "config/settings.h"
#include "engine/generator.h"
#include "plan/serving_plan.h"
#include "schedule/scheduler.h"

namespace spyre::cli {

// The modes of VLLM_SPYRE_USE_CB, VLLM_SPYRE_USE_CHUNKED_PREFILL and
// VLLM_SPYRE_ENABLE_PREFILL_OPTIMIZATION, and that of --scheduler mixed.
enum class Batching { kStatic, kSeed, kLegacy, kChunked, kMixed };
Batching batching(const config::Settings& settings);

// "static", "seed", "legacy", "chunked", "mixed".
std::string_view name(Batching mode);

// VLLM_DT_MAX_BATCH_TKV_LIMIT, else max_num_seqs times max_model_len.
int64_t volume_limit(const config::Settings& settings, const plan::ServingPlan& plan);

// Tiles of prompts as large as the plan's programs take them.
engine::GeneratorOptions generator_options(const plan::ServingPlan& plan);

// Whether a step may depend on how long those before it took, or not at all: replays.
enum class Timing { kReal, kNone };

// Errors: those of the scheduler's create().
Result<std::unique_ptr<schedule::Scheduler>> make_scheduler(const config::Settings& settings,
                                                            const plan::ServingPlan& plan,
                                                            Timing timing = Timing::kReal);

}  // namespace spyre::cli
