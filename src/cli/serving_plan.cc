#include "cli/serving_plan.h"

#include "base/cpu.h"
#include "cli/known_configuration.h"
#include "cli/speculation.h"
#include "config/warmup_shapes.h"
#include "engine/step_shapes.h"

namespace spyre::cli {

using config::Setting;

Result<std::vector<schedule::Shape>> configured_shapes(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const auto configured,
                   config::warmup_shapes(settings, config::ModelUse::kGenerate));
  std::vector<schedule::Shape> shapes;
  for (const config::WarmupShape& each : configured) {
    shapes.push_back({.prompt_tokens = each.prompt_tokens,
                      .new_tokens = each.new_tokens,
                      .batch_size = each.batch_size});
  }
  return shapes;
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

Result<plan::StaticPlan> serving_plan(const config::Settings& settings, const OpenModel& model) {
  if (settings.text(Setting::kDevice) == "spyre") {
    return error(
        Code::kUnsupported,
        "--device spyre: there is no card that this version runs on; it is for spyre plan");
  }
  SPYRE_TRY_ASSIGN(auto shapes, configured_shapes(settings));
  SPYRE_TRY_ASSIGN(const engine::StepOptions steps, step_options(settings));
  const auto programs = [steps](const schedule::Shape& shape) {
    return engine::step_shapes(shape, steps).all();
  };
  return plan::plan_static(*model.checkpoint, model.options.precision,
                           {.shapes = std::move(shapes),
                            .max_model_len = model.options.max_model_len,
                            .may_shorten = !settings.is_set(Setting::kMaxModelLen),
                            .max_num_seqs = wanted_max_num_seqs(settings),
                            .kv_bytes_allowed = wanted_kv_bytes(settings),
                            .available_bytes = memory_limit_bytes(),
                            .utilization = settings.real(Setting::kGpuMemoryUtilization),
                            .threads = static_cast<int>(model.cpus.size()),
                            .backend = model.options.backend,
                            .programs = programs});
}

Result<plan::StaticPlan> settled_plan(config::Settings& settings, const OpenModel& model) {
  SPYRE_TRY_ASSIGN(plan::StaticPlan plan, serving_plan(settings, model));
  SPYRE_TRY_ASSIGN(const bool changed,
                   apply_known_configuration(settings, model, run_shape(settings, plan)));
  if (changed) {
    SPYRE_TRY_ASSIGN(plan, serving_plan(settings, model));
  }
  return plan;
}

}  // namespace spyre::cli
