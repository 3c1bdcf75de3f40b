#include "cli/pooling_service.h"

#include "base/json.h"

namespace spyre::cli {

namespace {

using checkpoint::PoolingTask;
using config::Setting;
using serve::openai::PoolingModel;

Result<Json> pooler_options(const config::Settings& settings) {
  if (!settings.is_set(Setting::kPoolerConfig)) return Json::object();
  return parse_json(settings.text(Setting::kPoolerConfig), "--pooler-config");
}

// "is_matryoshka" and "matryoshka_dimensions", as config.json has them.
void read_matryoshka(const Json& fields, PoolingModel& model) {
  if (!fields.is_object()) return;
  if (const auto flag = fields.find("is_matryoshka"); flag != fields.end() && *flag == true) {
    model.matryoshka = true;
  }
  const auto list = fields.find("matryoshka_dimensions");
  if (list == fields.end() || !list->is_array()) return;
  for (const Json& each : *list) {
    if (!each.is_number_integer() || each <= 0 || each > model.columns) continue;
    model.matryoshka = true;
    model.matryoshka_dimensions.push_back(each.get<int64_t>());
  }
}

// Whoever names dimensions says that the model has shorter vectors.
Status read_dimensions(const Json& options, PoolingModel& model) {
  const auto found = options.find("dimensions");
  if (found == options.end() || found->is_null()) return {};
  const bool good = found->is_number_integer() && *found >= 1 && *found <= model.columns;
  if (!good || model.task != serve::openai::PoolingTask::kEmbed) {
    return error(Code::kInvalidArgument,
                 "--pooler-config: dimensions: wanted 1 to {} of an embedding model, found {}",
                 model.columns, found->dump());
  }
  model.matryoshka = true;
  model.matryoshka_dimensions.clear();
  model.dimensions = found->get<int64_t>();
  return {};
}

}  // namespace

Result<std::optional<PoolingModel>> pooling_model(const config::Settings& settings,
                                                  const checkpoint::Checkpoint& checkpoint) {
  const checkpoint::ModelConfig& config = checkpoint.config();
  if (!config.pooling) return std::nullopt;
  const checkpoint::Pooling& pooling = *config.pooling;
  const bool embeds = pooling.task == PoolingTask::kEmbed;
  PoolingModel model{
      .task = embeds ? serve::openai::PoolingTask::kEmbed : serve::openai::PoolingTask::kClassify,
      .columns = pooling.columns(config.hidden_size),
      .max_tokens = pooling.max_tokens,
      .activate = embeds ? pooling.normalize : pooling.activate,
      .labels = pooling.labels,
      .exclusive_labels = pooling.exclusive_labels,
      .prompts = pooling.prompts};
  if (embeds) read_matryoshka(checkpoint.fields(), model);
  SPYRE_TRY_ASSIGN(const Json options, pooler_options(settings));
  SPYRE_TRY(read_dimensions(options, model));
  return model;
}

}  // namespace spyre::cli
