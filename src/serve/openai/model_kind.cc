#include "serve/openai/model_kind.h"

namespace spyre::serve::openai {

namespace {

bool embeds(const PoolingModel& model) { return model.task == PoolingTask::kEmbed; }
bool scores(const PoolingModel& model) { return embeds(model) || model.columns == 1; }

// What the model is, and what to do about it.
std::string words(const std::optional<PoolingModel>& model) {
  if (!model) {
    return "it generates text: use /v1/completions or /v1/chat/completions, or start the server "
           "with --runner pooling --convert embed";
  }
  if (embeds(*model)) {
    return "it is an embedding model: use /v1/embeddings, /pooling, /score or /rerank";
  }
  if (scores(*model)) return "it scores pairs of texts: use /score, /rerank, /classify or /pooling";
  return fmt::format("it is a classifier of {} labels: use /classify or /pooling", model->columns);
}

ApiStatus check(const Service& service, bool good, std::string_view wanted) {
  if (good) return {};
  return bad_value("model", fmt::format("model: wanted one that {}, found {}; {}", wanted,
                                        service.model_names.front(), words(service.pooling)));
}

}  // namespace

ApiStatus check_generates(const Service& service) {
  return check(service, !service.pooling, "generates text");
}

ApiStatus check_pools(const Service& service) {
  return check(service, service.pooling.has_value(), "embeds or classifies texts");
}

ApiStatus check_embeds(const Service& service) {
  return check(service, service.pooling && embeds(*service.pooling), "embeds texts");
}

ApiStatus check_classifies(const Service& service) {
  return check(service, service.pooling && !embeds(*service.pooling), "classifies texts");
}

ApiStatus check_scores(const Service& service) {
  return check(service, service.pooling && scores(*service.pooling), "scores pairs of texts");
}

}  // namespace spyre::serve::openai
