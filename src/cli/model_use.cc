#include "cli/model_use.h"

#include <utility>

#include "base/json.h"
#include "checkpoint/pooler_config.h"

namespace spyre::cli {

using config::Setting;

namespace {

bool asks_for(const config::Settings& settings, std::string_view use) {
  return settings.text(Setting::kTask) == use || settings.text(Setting::kConvert) == use;
}

// Uses that the model has no weights for.
Status check_use(const config::Settings& settings, const checkpoint::ModelConfig& config) {
  const bool classifies =
      config.pooling && config.pooling->task == checkpoint::PoolingTask::kClassify;
  const bool wants_head = asks_for(settings, "classify") || asks_for(settings, "score");
  if (wants_head && !classifies && !(config.pooling && settings.text(Setting::kTask) == "score")) {
    return error(Code::kUnsupported,
                 "--task, --convert: wanted a model with a head for labels or scores, found {} "
                 "without one; --convert embed makes an embedder of a decoder",
                 config.architecture);
  }
  if (classifies && asks_for(settings, "embed")) {
    return error(Code::kUnsupported,
                 "--task, --convert embed: wanted a model for embeddings, found {} with a head for "
                 "{} labels; leave it out to use that",
                 config.architecture, config.pooling->layers.back().outputs);
  }
  if (config.pooling &&
      (asks_for(settings, "generate") || settings.text(Setting::kRunner) == "generate")) {
    return error(Code::kUnsupported,
                 "--runner generate: wanted a model that generates text, found {}, which gives "
                 "vectors",
                 config.architecture);
  }
  return {};
}

}  // namespace

Status apply_model_use(const config::Settings& settings, checkpoint::Checkpoint& checkpoint) {
  SPYRE_TRY(check_use(settings, checkpoint.config()));
  const bool embeds = asks_for(settings, "embed") || settings.text(Setting::kRunner) == "pooling";
  if (!checkpoint.config().pooling && embeds) {
    checkpoint.set_pooling(checkpoint::pooling_of_decoder(checkpoint.config()));
  }
  if (!settings.is_set(Setting::kPoolerConfig)) return {};
  if (!checkpoint.config().pooling) {
    return error(Code::kInvalidArgument,
                 "--pooler-config: this model generates text; wanted --convert embed beside it");
  }
  SPYRE_TRY_ASSIGN(const Json options,
                   parse_json(settings.text(Setting::kPoolerConfig), "--pooler-config"));
  SPYRE_TRY_ASSIGN(auto pooling, checkpoint::with_pooler_config(options, checkpoint.config(),
                                                                *checkpoint.config().pooling));
  checkpoint.set_pooling(std::move(pooling));
  return {};
}

Status check_generates(const config::Settings& settings, const checkpoint::ModelConfig& config) {
  if (!config.pooling) return {};
  return error(Code::kUnsupported,
               "{}: gives vectors (embeddings, scores or classes), no text; wanted spyre embed, "
               "spyre score or spyre serve",
               settings.text(Setting::kModel));
}

}  // namespace spyre::cli
