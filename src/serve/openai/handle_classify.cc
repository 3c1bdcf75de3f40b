// POST /classify: the likeliest label of each input, and how likely each label is.
#include <algorithm>

#include "serve/openai/handlers.h"
#include "serve/openai/model_kind.h"
#include "serve/openai/pooled_form.h"
#include "serve/openai/pooling_call.h"

namespace spyre::serve::openai {

namespace {

void write_labels(JsonWriter& writer, size_t index, std::span<const float> values,
                  const std::vector<std::string>& labels) {
  const auto best = static_cast<size_t>(std::ranges::max_element(values) - values.begin());
  writer.open_object();
  writer.field("index", index);
  if (best < labels.size()) {
    writer.field("label", to_utf8(labels[best]));
  } else {
    writer.null_field("label");
  }
  writer.key("probs");
  writer.open_array();
  for (const float value : values) writer.single(value);
  writer.close_array();
  writer.field("num_classes", values.size());
  writer.close_object();
}

}  // namespace

ApiStatus handle_classify(const Visit& visit) {
  SPYRE_TRY_ASSIGN(PoolingCall call, pooling_call(visit, kClassify, check_classifies, "classify-"));
  SPYRE_TRY_ASSIGN(std::vector<PoolingPrompt> prompts, call_prompts(visit, call));
  const auto answer =
      [&labels = visit.service.pooling->labels, head = call.head,
       form = label_form(*visit.service.pooling, call.fields),
       tokens = count_tokens(prompts)](PooledVectors pooled) -> ApiResult<http::Response> {
    const auto probabilities = classify_all(pooled, form);
    std::string json;
    JsonWriter writer(json);
    open_list(writer, head);
    for (size_t i = 0; i < probabilities.size(); ++i) {
      write_labels(writer, i, probabilities[i], labels);
    }
    close_list(writer, tokens);
    return http::Response{.status = 200, .body = std::move(json)};
  };
  start_pooling({.visit = visit,
                 .id = call.head.id,
                 .prompts = std::move(prompts),
                 .priority = call.fields.priority,
                 .field = call.field,
                 .answer = answer});
  return {};
}

}  // namespace spyre::serve::openai
