// What a server's telemetry needs to know of settings and plan.
#pragma once

#include "cli/open_model.h"
#include "config/settings.h"
#include "plan/serving_plan.h"
#include "runner/model_runner.h"
#include "serve/metrics/telemetry.h"

namespace spyre::cli {

// --served-model-name, else the model as it was named; the first is the one that metrics carry.
std::vector<std::string> served_names(const config::Settings& settings);

serve::metrics::TelemetryOptions telemetry_options(const config::Settings& settings);
// draft_tokens: engine::most_draft_tokens().
serve::metrics::PlanFacts plan_facts(const config::Settings& settings, const OpenModel& model,
                                     const plan::ServingPlan& plan, int64_t draft_tokens);
// The settings at the top of perf_log_rank_0.txt.
serve::metrics::PerfSettings perf_settings(const config::Settings& settings,
                                           const plan::ServingPlan& plan);

// Where the graphs' code came from, once they are warm.
void tell_graphs(const runner::ModelRunner& runner, serve::metrics::Telemetry& telemetry);

}  // namespace spyre::cli
