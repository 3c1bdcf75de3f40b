// POST /v1/embeddings: a vector for each input.
#include "serve/openai/handlers.h"
#include "serve/openai/model_kind.h"
#include "serve/openai/pooled_form.h"
#include "serve/openai/vector_answer.h"

namespace spyre::serve::openai {

ApiStatus handle_embeddings(const Visit& visit) {
  SPYRE_TRY_ASSIGN(PoolingCall call, pooling_call(visit, kEmbed, check_embeds, "embd-"));
  SPYRE_TRY_ASSIGN(const VectorForm form, vector_form(*visit.service.pooling, call.fields));
  SPYRE_TRY_ASSIGN(std::vector<PoolingPrompt> prompts, call_prompts(visit, call));
  const VectorAnswer answer{.head = call.head,
                            .object = "embedding",
                            .key = "embedding",
                            .form = form,
                            .prompt_tokens = count_tokens(prompts)};
  start_pooling({.visit = visit,
                 .id = call.head.id,
                 .prompts = std::move(prompts),
                 .priority = call.fields.priority,
                 .field = call.field,
                 .answer = [answer](PooledVectors pooled) -> ApiResult<http::Response> {
                   return word_vectors(answer, embed_all(pooled, answer.form));
                 }});
  return {};
}

}  // namespace spyre::serve::openai
