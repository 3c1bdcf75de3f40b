#include "cli/known_configuration.h"

#include <sys/utsname.h>

#include <algorithm>

#include "base/log.h"
#include "base/mapped_file.h"
#include "cli/codegen.h"
#include "config/adopt.h"

namespace spyre::cli {

namespace {

using config::Setting;

constexpr size_t kMostBytes = size_t{1} << 20;

// Somebody thinks of cards.
bool asked(const config::Settings& settings) {
  return settings.flag(Setting::kRequireKnownConfig) ||
         settings.is_set(Setting::kModelConfigFile) || settings.is_set(Setting::kDynamoBackend);
}

std::string catalogue_name(const config::Settings& settings) {
  if (!settings.is_set(Setting::kModelConfigFile)) return "the built-in catalogue";
  return settings.text(Setting::kModelConfigFile);
}

// What lies between a run and being known.
std::string why_unknown(const config::Settings& settings, const plan::KnownRun& found,
                        const plan::RunShape& run) {
  const std::string& model = settings.text(Setting::kModel);
  if (found.models.empty()) {
    return fmt::format("{} is no model of {}", model, catalogue_name(settings));
  }
  return fmt::format("{} with {} is not in {}, which knows {}", model, plan::text(run),
                     catalogue_name(settings), plan::known_configurations(found.models));
}

Status judge_unknown(const config::Settings& settings, const std::string& reason) {
  if (settings.flag(Setting::kRequireKnownConfig)) {
    return error(Code::kInvalidArgument,
                 "{}=1: wanted a known configuration, found that {}; "
                 "VLLM_SPYRE_MODEL_CONFIG_FILE may name another catalogue",
                 settings.label(Setting::kRequireKnownConfig), reason);
  }
  const auto level = asked(settings) ? spdlog::level::info : spdlog::level::debug;
  spdlog::log(level, "no known configuration: {}", reason);
  return {};
}

std::vector<config::Wish> wishes_of(const plan::KnownRun& found) {
  std::vector<config::Wish> wishes;
  wishes.reserve(found.variables.size() + 1);
  for (const plan::KnownVariable& each : found.variables) wishes.push_back({each.name, each.value});
  if (found.num_gpu_blocks_override) {
    wishes.push_back({std::string(config::info(Setting::kNumGpuBlocksOverride).flag),
                      std::to_string(*found.num_gpu_blocks_override)});
  }
  return wishes;
}

Status judge_conflicts(const config::Settings& settings, const plan::KnownRun& found,
                       const std::vector<std::string>& conflicts) {
  if (conflicts.empty()) return {};
  if (settings.flag(Setting::kRequireKnownConfig)) {
    return error(Code::kInvalidArgument,
                 "{}=1: the known configuration {} ({}) differs from what is set: {}; leave it out",
                 settings.label(Setting::kRequireKnownConfig), found.model->name, found.config,
                 fmt::join(conflicts, "; "));
  }
  for (const std::string& each : conflicts) {
    log::warn("known configuration {}: what is set stays: {}", found.model->name, each);
  }
  return {};
}

void warn_of_platform(const plan::KnownModel& model) {
  utsname system{};
  if (model.platforms.empty() || ::uname(&system) != 0) return;
  const std::string machine = system.machine;
  if (std::ranges::find(model.platforms, machine) != model.platforms.end()) return;
  log::warn("known configuration {}: is known on {}, not on {}", model.name,
            fmt::join(model.platforms, ", "), machine);
}

void log_summary(const plan::KnownRun& found, const config::Adopted& adopted) {
  log::info(
      "known configuration: {}, {}{}{}{}{}", found.model->name, found.config,
      adopted.taken.empty() ? "" : "; set from it: ", fmt::join(adopted.taken, ", "),
      adopted.not_ours.empty() ? "" : "; without effect here: ", fmt::join(adopted.not_ours, ", "));
}

}  // namespace

Result<plan::KnownModels> known_models(const config::Settings& settings) {
  if (!settings.is_set(Setting::kModelConfigFile)) {
    return plan::parse_known_models(plan::built_in_known_models(), "the built-in catalogue");
  }
  const std::string label = settings.label(Setting::kModelConfigFile);
  const std::string path = settings.text(Setting::kModelConfigFile);
  const auto file = MappedFile::open(path);
  if (!file) return error(file.error().code, "{}: {}", label, file.error().message);
  const auto bytes = file->bytes();
  if (bytes.size() > kMostBytes) {
    return error(Code::kInvalidArgument, "{}: {}: wanted at most {} bytes, found {}", label, path,
                 kMostBytes, bytes.size());
  }
  auto known =
      plan::parse_known_models({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
  if (!known) return error(known.error().code, "{}: {}", label, known.error().message);
  return known;
}

plan::RunShape run_shape(const config::Settings& settings, const plan::ServingPlan& plan) {
  return {.tensor_parallel = settings.integer(Setting::kTensorParallelSize),
          .shapes = plan.shapes,
          .max_model_len = plan.max_model_len,
          .max_num_seqs = plan.max_num_seqs};
}

Result<bool> apply_known_configuration(config::Settings& settings, const OpenModel& model,
                                       const plan::RunShape& run) {
  if (!on_card_backend(settings)) {
    if (settings.flag(Setting::kRequireKnownConfig)) {
      log::info("{}=1 has no effect with VLLM_SPYRE_DYNAMO_BACKEND={}; it is for sendnn",
                settings.label(Setting::kRequireKnownConfig),
                settings.text(Setting::kDynamoBackend));
    }
    return false;
  }
  SPYRE_TRY_ASSIGN(const plan::KnownModels catalogue, known_models(settings));
  for (const std::string& each : catalogue.warnings) log::warn("{}", each);
  const plan::KnownRun found =
      plan::find_known_run(catalogue.models, model.checkpoint->fields(), run);
  if (!found.known()) {
    SPYRE_TRY(judge_unknown(settings, why_unknown(settings, found, run)));
    return false;
  }
  warn_of_platform(*found.model);
  SPYRE_TRY_ASSIGN(const config::Adopted adopted,
                   config::adopt(settings, wishes_of(found), found.model->name,
                                 config::Environment::of_process()));
  SPYRE_TRY(judge_conflicts(settings, found, adopted.kept));
  log_summary(found, adopted);
  return !adopted.taken.empty();
}

}  // namespace spyre::cli
