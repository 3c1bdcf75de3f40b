#include "cli/pooling_settings.h"

#include "base/json.h"
#include "checkpoint/pooler_config.h"

namespace spyre::cli {

namespace {

using checkpoint::PoolingTask;
using config::Setting;
using serve::openai::PoolingModel;

// What the settings ask a model to do; kAuto: whatever its files say. A score is what either an
// embedder or a classifier gives.
enum class Wish { kAuto, kGenerate, kPool, kEmbed, kClassify };

Wish wish_of(const config::Settings& settings) {
  const std::string convert = settings.text(Setting::kConvert);
  const std::string runner = settings.text(Setting::kRunner);
  const std::string task = settings.text(Setting::kTask);
  if (convert == "embed" || task == "embed") return Wish::kEmbed;
  if (convert == "classify" || task == "classify") return Wish::kClassify;
  if (runner == "generate" || task == "generate") return Wish::kGenerate;
  if (runner == "pooling" || task == "score") return Wish::kPool;
  return Wish::kAuto;
}

std::unexpected<Error> misfit(std::string_view wanted, std::string_view found,
                              std::string_view hint) {
  return error(Code::kInvalidArgument,
               "--runner, --convert or --task: wanted a model that {}, found one that {}; {}",
               wanted, found, hint);
}

// A decoder that is to pool, by its last token.
Result<checkpoint::Pooling> converted(const checkpoint::Checkpoint& model, Wish wish) {
  if (wish == Wish::kClassify) {
    return misfit("classifies", "generates text", "a classifier's head must be among its weights");
  }
  return checkpoint::pooling_of_decoder(model.config());
}

Status check_wish(const checkpoint::Pooling& pooling, Wish wish) {
  const bool embeds = pooling.task == PoolingTask::kEmbed;
  if (wish == Wish::kGenerate) {
    return misfit("generates text", embeds ? "embeds" : "classifies", "leave the setting out");
  }
  if (wish == Wish::kEmbed && !embeds) {
    return misfit("embeds", "classifies", "leave the setting out");
  }
  if (wish == Wish::kClassify && embeds) {
    return misfit("classifies", "embeds", "leave the setting out");
  }
  return {};
}

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

Status settle_pooling(const config::Settings& settings, checkpoint::Checkpoint& checkpoint) {
  const Wish wish = wish_of(settings);
  std::optional<checkpoint::Pooling> pooling = checkpoint.config().pooling;
  const bool pools = pooling || (wish != Wish::kAuto && wish != Wish::kGenerate);
  if (!pools) {
    if (!settings.is_set(Setting::kPoolerConfig)) return {};
    return error(Code::kInvalidArgument,
                 "--pooler-config: wanted a pooling model, found one that generates text; "
                 "--convert embed makes an embedding model of it");
  }
  if (!pooling) SPYRE_TRY_ASSIGN(pooling, converted(checkpoint, wish));
  SPYRE_TRY(check_wish(*pooling, wish));
  SPYRE_TRY_ASSIGN(const Json options, pooler_options(settings));
  SPYRE_TRY_ASSIGN(
      pooling, checkpoint::with_pooler_config(options, checkpoint.config(), std::move(*pooling)));
  checkpoint.set_pooling(std::move(*pooling));
  return {};
}

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
