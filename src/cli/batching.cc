#include "cli/batching.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "cli/serving_plan.h"
#include "schedule/chunked_batching.h"
#include "schedule/legacy_batching.h"
#include "schedule/mixed_batching.h"
#include "schedule/packed_batching.h"
#include "schedule/seed_batching.h"
#include "schedule/static_batching.h"

namespace spyre::cli {

namespace {

using config::Setting;
using Created = Result<std::unique_ptr<schedule::Scheduler>>;

schedule::ContinuousLimits limits_of(const plan::ServingPlan& plan) {
  return {.max_num_seqs = plan.max_num_seqs,
          .max_model_len = plan.max_model_len,
          .kv_blocks = plan.usable_blocks};
}

Created legacy(const config::Settings& settings, const plan::ServingPlan& plan) {
  schedule::LegacyBatchingOptions options{.limits = limits_of(plan),
                                          .volume_limit = volume_limit(settings, plan),
                                          .drop_padding = settings.flag(Setting::kRmPaddedBlocks)};
  if (const int64_t most = settings.integer(Setting::kNTokensPrefillPrio); most >= 0) {
    options.prefill_priority_tokens = most;
  }
  if (const double most = settings.real(Setting::kMaxWaitingTimeSeconds); std::isfinite(most)) {
    options.max_waiting_s = most;
  }
  return schedule::LegacyBatching::create(options);
}

Created chunked(const config::Settings& settings, const plan::ServingPlan& plan) {
  return schedule::ChunkedBatching::create(
      {.limits = limits_of(plan),
       .chunk_tokens = chunk_tokens(settings),
       .volume_limit = volume_limit(settings, plan),
       .interleave = settings.flag(Setting::kCpInterleaveSteps),
       .pausing = settings.flag(Setting::kPausingEnabled),
       .long_outputs = settings.flag(Setting::kLongOutPrio),
       .prefix_caching = settings.flag(Setting::kEnablePrefixCaching)});
}

Created mixed(const config::Settings& settings, const plan::ServingPlan& plan, Timing timing) {
  schedule::MixedBatchingOptions options{
      .limits = limits_of(plan),
      .token_budget = chunk_tokens(settings),
      .by_priority = settings.text(Setting::kSchedulingPolicy) == "priority",
      .prefix_caching = settings.flag(Setting::kEnablePrefixCaching)};
  if (settings.is_set(Setting::kItlTargetMs)) {
    options.itl_target_s = settings.real(Setting::kItlTargetMs) / 1000;
  }
  if (timing == Timing::kNone) options.itl_target_s = 0;
  return schedule::MixedBatching::create(options);
}

}  // namespace

Batching batching(const config::Settings& settings) {
  if (settings.text(Setting::kScheduler) == "mixed") return Batching::kMixed;
  if (!settings.flag(Setting::kUseCb)) return Batching::kStatic;
  if (settings.flag(Setting::kUseChunkedPrefill)) return Batching::kChunked;
  return settings.flag(Setting::kEnablePrefillOptimization) ? Batching::kLegacy : Batching::kSeed;
}

std::string_view name(Batching mode) {
  switch (mode) {
    case Batching::kStatic:
      return "static";
    case Batching::kSeed:
      return "seed";
    case Batching::kLegacy:
      return "legacy";
    case Batching::kChunked:
      return "chunked";
    case Batching::kMixed:
      return "mixed";
  }
  return "static";
}

int64_t volume_limit(const config::Settings& settings, const plan::ServingPlan& plan) {
  return settings.is_set(Setting::kDtMaxBatchTkvLimit)
             ? settings.integer(Setting::kDtMaxBatchTkvLimit)
             : plan.max_num_seqs * plan.max_model_len;
}

engine::GeneratorOptions generator_options(const plan::ServingPlan& plan) {
  engine::GeneratorOptions options;
  if (plan.pooled == plan::Pooled::kNot) return options;
  const auto largest = std::ranges::max_element(plan.programs, {}, &model::StepShape::rows);
  options.prefill_rows = largest->rows;
  options.prefill_outputs = largest->output_rows;
  return options;
}

Created make_scheduler(const config::Settings& settings, const plan::ServingPlan& plan,
                       Timing timing) {
  if (plan.pooled == plan::Pooled::kPacked) {
    return schedule::PackedBatching::create({.step_tokens = plan.step_tokens,
                                             .max_sequences = plan.max_num_seqs,
                                             .max_tokens = plan.max_model_len});
  }
  if (plan.pooled == plan::Pooled::kPadded) {
    return schedule::StaticBatching::create(
        {.shapes = plan.shapes, .choice = shape_choice(settings), .prompt_only = true});
  }
  switch (batching(settings)) {
    case Batching::kStatic:
      break;
    case Batching::kSeed:
      return schedule::SeedBatching::create(
          {.limits = limits_of(plan), .drop_padding = settings.flag(Setting::kRmPaddedBlocks)});
    case Batching::kLegacy:
      return legacy(settings, plan);
    case Batching::kChunked:
      return chunked(settings, plan);
    case Batching::kMixed:
      return mixed(settings, plan, timing);
  }
  return schedule::StaticBatching::create(
      {.shapes = plan.shapes, .choice = shape_choice(settings)});
}

}  // namespace spyre::cli
