// The catalogue of known configurations, applied to a start: which one it is, what it wants to be
// set, and whether one that nobody knows may run. docs/known_configurations.md has the rules.
#pragma once

#include "cli/open_model.h"
#include "config/settings.h"
#include "plan/known_run.h"
#include "plan/serving_plan.h"

namespace spyre::cli {

// The catalogue of VLLM_SPYRE_MODEL_CONFIG_FILE, else the built-in one. Errors name the variable
// and the line.
Result<plan::KnownModels> known_models(const config::Settings& settings);

// A server's plan, as catalogues know runs.
plan::RunShape run_shape(const config::Settings& settings, const plan::ServingPlan& plan);

// On the card's backend: a known run's values go into the settings that nobody gave. True when one
// of them changed. Log lines at info come only where a run is known or somebody set a variable for
// it. kInvalidArgument, under VLLM_SPYRE_REQUIRE_KNOWN_CONFIG=1: a run that is not known, a setting
// that differs from the known one. Errors of known_models() and config::adopt().
Result<bool> apply_known_configuration(config::Settings& settings, const OpenModel& model,
                                       const plan::RunShape& run);

}  // namespace spyre::cli
