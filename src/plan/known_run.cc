#include "plan/known_run.h"

#include <algorithm>

#include "schedule/static_admission.h"

namespace spyre::plan {

namespace {

// Tokens that an answer may have mean nothing to a catalogue that has none.
bool has_shape(const KnownStatic& config, const schedule::Shape& shape) {
  return std::ranges::any_of(config.shapes, [&](const KnownShape& known) {
    return known.prompt_tokens == shape.prompt_tokens && known.batch_size == shape.batch_size &&
           known.new_tokens.value_or(shape.new_tokens) == shape.new_tokens;
  });
}

bool is_configuration(const KnownStatic& config, const RunShape& run) {
  return config.tensor_parallel == run.tensor_parallel &&
         std::ranges::all_of(run.shapes, [&](const auto& each) { return has_shape(config, each); });
}

bool is_configuration(const KnownContinuous& config, const RunShape& run) {
  return config.tensor_parallel == run.tensor_parallel &&
         config.max_model_len == run.max_model_len && config.max_num_seqs == run.max_num_seqs;
}

// Fills in what the model says of the run, if it says anything.
bool find_configuration(const KnownModel& model, const RunShape& run, KnownRun& found) {
  const auto is = [&](const auto& config) { return is_configuration(config, run); };
  if (!run.shapes.empty()) {
    const auto config = std::ranges::find_if(model.static_configs, is);
    if (config == model.static_configs.end()) return false;
    found.config = text(*config);
  } else {
    const auto config = std::ranges::find_if(model.continuous_configs, is);
    if (config == model.continuous_configs.end()) return false;
    found.config = text(*config);
    found.variables = config->variables;
    found.num_gpu_blocks_override = config->num_gpu_blocks_override;
  }
  found.model = &model;
  return true;
}

}  // namespace

std::string text(const RunShape& run) {
  if (run.shapes.empty()) {
    return text(KnownContinuous{.tensor_parallel = run.tensor_parallel,
                                .max_model_len = run.max_model_len,
                                .max_num_seqs = run.max_num_seqs});
  }
  return fmt::format("tp {}, warmup shapes {}", run.tensor_parallel, schedule::text(run.shapes));
}

int64_t field_count(const Json& architecture) {
  auto count = static_cast<int64_t>(architecture.size());
  for (const Json& value : architecture) {
    if (value.is_object()) count += field_count(value);
  }
  return count;
}

bool matches(const Json& architecture, const Json& model_fields) {
  if (!model_fields.is_object()) return false;
  for (const auto& [key, wanted] : architecture.items()) {
    const auto found = model_fields.find(key);
    if (found == model_fields.end()) return false;
    if (wanted.is_object() ? !matches(wanted, *found) : wanted != *found) return false;
  }
  return true;
}

KnownRun find_known_run(std::span<const KnownModel> catalogue, const Json& model_fields,
                        const RunShape& run) {
  KnownRun found;
  int64_t most = -1;
  for (const KnownModel& model : catalogue) {
    const int64_t fields = field_count(model.architecture);
    if (fields < most || !matches(model.architecture, model_fields)) continue;
    if (fields > most) found.models.clear();
    most = fields;
    found.models.push_back(&model);
  }
  for (const KnownModel* model : found.models) {
    if (find_configuration(*model, run, found)) break;
  }
  return found;
}

std::string known_configurations(std::span<const KnownModel* const> models) {
  std::vector<std::string> lines;
  for (const KnownModel* model : models) {
    std::vector<std::string> configs;
    configs.reserve(model->static_configs.size() + model->continuous_configs.size());
    for (const KnownStatic& each : model->static_configs) configs.push_back(text(each));
    for (const KnownContinuous& each : model->continuous_configs) configs.push_back(text(each));
    lines.push_back(fmt::format("{}: {}", model->name, fmt::join(configs, "; ")));
  }
  return fmt::format("{}", fmt::join(lines, "; "));
}

}  // namespace spyre::plan
