#include "cli/serving_plan.h"

#include <algorithm>
#include <limits>

#include "base/cpu.h"
#include "base/log.h"
#include "cli/batching.h"
#include "cli/known_configuration.h"
#include "cli/speculation.h"
#include "config/warmup_shapes.h"
#include "engine/continuous_programs.h"
#include "engine/pooling_programs.h"
#include "engine/step_shapes.h"
#include "plan/continuous_plan.h"
#include "plan/pooling_plan.h"
#include "plan/shape_ladder.h"
#include "plan/static_plan.h"
#include "schedule/static_admission.h"

namespace spyre::cli {

using config::Setting;

Result<std::vector<schedule::Shape>> configured_shapes(const config::Settings& settings,
                                                       config::ModelUse use) {
  SPYRE_TRY_ASSIGN(const auto configured, config::warmup_shapes(settings, use));
  std::vector<schedule::Shape> shapes;
  for (const config::WarmupShape& each : configured) {
    shapes.push_back({.prompt_tokens = each.prompt_tokens,
                      .new_tokens = each.new_tokens,
                      .batch_size = each.batch_size});
  }
  return shapes;
}

bool packs_tokens(const config::Settings& settings) {
  if (settings.is_set(Setting::kPackTokens)) return settings.flag(Setting::kPackTokens);
  const bool strict =
      settings.text(Setting::kDynamoBackend).starts_with("sendnn") &&
      (settings.is_set(Setting::kWarmupPromptLens) || settings.is_set(Setting::kWarmupBatchSizes));
  return !strict;
}

std::optional<int64_t> wanted_max_num_seqs(const config::Settings& settings) {
  if (!settings.is_set(Setting::kMaxNumSeqs)) return std::nullopt;
  return settings.integer(Setting::kMaxNumSeqs);
}

schedule::ShapeChoice shape_choice(const config::Settings& settings) {
  return settings.text(Setting::kShapeChoice) == "least-work" ? schedule::ShapeChoice::kLeastWork
                                                              : schedule::ShapeChoice::kOrder;
}

Result<engine::StepOptions> step_options(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const auto speculation, cli::speculation(settings));
  return engine::StepOptions{.draft_tokens = engine::most_draft_tokens(speculation)};
}

int64_t chunk_tokens(const config::Settings& settings) {
  return settings.is_set(Setting::kDtChunkLen) ? settings.integer(Setting::kDtChunkLen)
                                               : settings.integer(Setting::kMaxNumBatchedTokens);
}

namespace {

plan::Machine machine(const config::Settings& settings, const OpenModel& model) {
  return {.kv_bytes_allowed = wanted_kv_bytes(settings),
          .available_bytes = memory_limit_bytes(),
          .utilization = settings.real(Setting::kGpuMemoryUtilization),
          .threads = static_cast<int>(model.cpus.size()),
          .backend = model.options.backend};
}

Result<plan::ServingPlan> static_plan(const config::Settings& settings, const OpenModel& model,
                                      const engine::StepOptions& steps) {
  SPYRE_TRY_ASSIGN(auto shapes, configured_shapes(settings, config::ModelUse::kGenerate));
  const auto programs = [steps](const schedule::Shape& shape) {
    return engine::step_shapes(shape, steps).all();
  };
  return plan::plan_static(*model.checkpoint, model.options.precision,
                           {.shapes = std::move(shapes),
                            .max_model_len = model.options.max_model_len,
                            .may_shorten = !settings.is_set(Setting::kMaxModelLen),
                            .max_num_seqs = wanted_max_num_seqs(settings),
                            .machine = machine(settings, model),
                            .programs = programs});
}

Result<plan::ServingPlan> pooling_plan(const config::Settings& settings, const OpenModel& model) {
  if (batching(settings) != Batching::kStatic) {
    log::warn(
        "continuous batching is for models that generate text: this one runs as with "
        "VLLM_SPYRE_USE_CB=0");
  }
  SPYRE_TRY_ASSIGN(auto shapes, configured_shapes(settings, config::ModelUse::kPooling));
  const checkpoint::ModelConfig& config = model.checkpoint->config();
  return plan::plan_pooling(
      *model.checkpoint, model.options.precision,
      {.shapes = std::move(shapes),
       .max_tokens = std::min(model.options.max_model_len, config.pooling->max_tokens),
       .packed = packs_tokens(settings),
       .rows = settings.is_set(Setting::kMaxNumBatchedTokens)
                   ? settings.integer(Setting::kMaxNumBatchedTokens)
                   : engine::kPoolingRows,
       .sequences = engine::kPoolingSequences,
       .machine = machine(settings, model),
       .program = engine::pooling_program});
}

std::string_view described(Batching mode) {
  switch (mode) {
    case Batching::kSeed:
      return "whole prefills, nothing shifted";
    case Batching::kChunked:
      return "chunked prefill";
    case Batching::kMixed:
      return "prompts beside decodes";
    case Batching::kStatic:
    case Batching::kLegacy:
      break;
  }
  return "whole prefills";
}

plan::ContinuousInputs continuous_inputs(const config::Settings& settings, int64_t max_model_len) {
  const Batching mode = batching(settings);
  plan::ContinuousInputs inputs{.mode = std::string(described(mode)),
                                .max_model_len = max_model_len,
                                .may_shorten = !settings.is_set(Setting::kMaxModelLen),
                                .max_num_seqs = settings.integer(Setting::kMaxNumSeqs),
                                .may_lower_seqs = !settings.is_set(Setting::kMaxNumSeqs),
                                .whole_rows = mode == Batching::kLegacy,
                                .needs_all = mode == Batching::kSeed};
  if (settings.is_set(Setting::kNumGpuBlocksOverride)) {
    inputs.blocks_override = settings.integer(Setting::kNumGpuBlocksOverride);
  }
  return inputs;
}

Result<plan::ServingPlan> continuous_plan(const config::Settings& settings, const OpenModel& model,
                                          const engine::StepOptions& steps) {
  const Batching mode = batching(settings);
  const bool padded = mode == Batching::kSeed || mode == Batching::kLegacy;
  if (padded && steps.draft_tokens > 0) {
    return error(Code::kInvalidArgument,
                 "--speculative-config: rows of this mode are all equally long; wanted "
                 "VLLM_SPYRE_USE_CHUNKED_PREFILL=1 or --scheduler mixed, or no drafts");
  }
  plan::ContinuousInputs inputs = continuous_inputs(settings, model.options.max_model_len);
  inputs.machine = machine(settings, model);
  inputs.programs = [steps, mode](int64_t max_num_seqs, int64_t max_model_len) {
    return engine::continuous_programs({.max_num_seqs = max_num_seqs,
                                        .max_model_len = max_model_len,
                                        .mixed = mode == Batching::kMixed,
                                        .options = steps});
  };
  return plan::plan_continuous(*model.checkpoint, model.options.precision, inputs);
}

// The configured shapes; without any the ladder of a model length, as if memory had no end.
Result<std::vector<schedule::Shape>> shapes_without_model(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(auto shapes, configured_shapes(settings, config::ModelUse::kGenerate));
  if (!shapes.empty()) return shapes;
  if (!settings.is_set(Setting::kMaxModelLen)) {
    return error(Code::kInvalidArgument,
                 "without a model: wanted shapes, found none; set VLLM_SPYRE_WARMUP_PROMPT_LENS, "
                 "_NEW_TOKENS and _BATCH_SIZES, or --max-model-len for planned ones");
  }
  return plan::shape_ladder({.max_model_len = settings.integer(Setting::kMaxModelLen),
                             .max_num_seqs = wanted_max_num_seqs(settings),
                             .kv_block_bytes = 1,
                             .kv_budget_bytes = std::numeric_limits<int64_t>::max()});
}

}  // namespace

Result<plan::ServingPlan> serving_plan(const config::Settings& settings, const OpenModel& model) {
  if (settings.text(Setting::kDevice) == "spyre") {
    return error(
        Code::kUnsupported,
        "--device spyre: there is no card that this version runs on; it is for spyre plan");
  }
  if (model.checkpoint->config().pooling) return pooling_plan(settings, model);
  SPYRE_TRY_ASSIGN(const engine::StepOptions steps, step_options(settings));
  return batching(settings) == Batching::kStatic ? static_plan(settings, model, steps)
                                                 : continuous_plan(settings, model, steps);
}

Result<plan::ServingPlan> plan_without_model(const config::Settings& settings) {
  if (batching(settings) != Batching::kStatic) {
    if (!settings.is_set(Setting::kMaxModelLen)) {
      return error(Code::kInvalidArgument, "without a model: wanted --max-model-len, found none");
    }
    const int64_t max_model_len = settings.integer(Setting::kMaxModelLen);
    constexpr int64_t kNoEnd = std::numeric_limits<int32_t>::max();
    return plan::continuous_limits(continuous_inputs(settings, max_model_len), kNoEnd);
  }
  plan::ServingPlan plan;
  SPYRE_TRY_ASSIGN(plan.shapes, shapes_without_model(settings));
  SPYRE_TRY_ASSIGN(plan.shapes, schedule::sorted_shapes(plan.shapes));
  for (const schedule::Shape& each : plan.shapes) {
    plan.max_model_len = std::max(plan.max_model_len, each.total_tokens());
    plan.max_num_seqs = std::max(plan.max_num_seqs, each.batch_size);
    plan.kv_blocks = std::max(plan.kv_blocks, each.blocks());
  }
  plan.usable_blocks = plan.kv_blocks;
  return plan;
}

Result<plan::ServingPlan> settled_plan(config::Settings& settings, const OpenModel& model) {
  SPYRE_TRY_ASSIGN(plan::ServingPlan plan, serving_plan(settings, model));
  SPYRE_TRY_ASSIGN(const bool changed,
                   apply_known_configuration(settings, model, run_shape(settings, plan)));
  if (changed) {
    SPYRE_TRY_ASSIGN(plan, serving_plan(settings, model));
  }
  return plan;
}

}  // namespace spyre::cli
