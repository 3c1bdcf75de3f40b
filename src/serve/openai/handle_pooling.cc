// POST /pooling: whatever the model makes of each input, vectors and labels alike, as numbers.
#include "serve/openai/handlers.h"
#include "serve/openai/model_kind.h"
#include "serve/openai/pooled_form.h"
#include "serve/openai/vector_answer.h"

namespace spyre::serve::openai {

namespace {

bool embeds(const Service& service) { return service.pooling->task == PoolingTask::kEmbed; }

// "encode" is what older clients send for whatever the model does.
ApiStatus check_task(const Service& service, const std::string& task) {
  if (task.empty() || task == "encode") return {};
  const bool one = service.pooling->columns == 1;
  const bool good =
      embeds(service) ? task == "embed" : task == "classify" || (task == "score" && one);
  if (good) return {};
  const std::string_view wanted = embeds(service) ? "embed"
                                  : one           ? "classify or score"
                                                  : "classify";
  return bad_value("task",
                   fmt::format("task: wanted {}, which this model does, found {}", wanted, task));
}

ApiResult<VectorForm> form_of(const Service& service, const RequestFields& fields) {
  if (embeds(service)) return vector_form(*service.pooling, fields);
  if (fields.dimensions) {
    return bad_value("dimensions",
                     "dimensions: wanted none, since this model classifies, found some");
  }
  return number_form(fields);
}

}  // namespace

ApiStatus handle_pooling(const Visit& visit) {
  const Service& service = visit.service;
  SPYRE_TRY_ASSIGN(PoolingCall call, pooling_call(visit, kPool, check_pools, "pool-"));
  SPYRE_TRY(check_task(service, call.fields.task));
  SPYRE_TRY_ASSIGN(const VectorForm form, form_of(service, call.fields));
  SPYRE_TRY_ASSIGN(std::vector<PoolingPrompt> prompts, call_prompts(visit, call));
  const VectorAnswer answer{.head = call.head,
                            .object = "pooling",
                            .key = "data",
                            .form = form,
                            .prompt_tokens = count_tokens(prompts)};
  const LabelForm labels = label_form(*service.pooling, call.fields);
  const bool vectors = embeds(service);
  start_pooling(
      {.visit = visit,
       .id = call.head.id,
       .prompts = std::move(prompts),
       .priority = call.fields.priority,
       .field = call.field,
       .answer = [answer, labels, vectors](PooledVectors pooled) -> ApiResult<http::Response> {
         return word_vectors(
             answer, vectors ? embed_all(pooled, answer.form) : classify_all(pooled, labels));
       }});
  return {};
}

}  // namespace spyre::serve::openai
