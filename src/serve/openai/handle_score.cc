// POST /score: how alike the texts of each pair are.
#include "serve/openai/field_types.h"
#include "serve/openai/handlers.h"
#include "serve/openai/model_kind.h"
#include "serve/openai/pooling_call.h"
#include "serve/openai/scoring.h"

namespace spyre::serve::openai {

namespace {

struct Names {
  std::string_view first;
  std::string_view second;
};
// The names that texts came by over the years.
constexpr Names kNames[] = {
    {"text_1", "text_2"}, {"queries", "documents"}, {"queries", "items"}, {"data_1", "data_2"}};

bool is_given(const Json& body, std::string_view name) {
  const auto found = body.find(name);
  return found != body.end() && !found->is_null();
}

std::vector<std::string> texts_of(const Json& json) {
  if (json.is_string()) return {json.get<std::string>()};
  return json.get<std::vector<std::string>>();
}

ApiResult<ScoredTexts> scored_texts(const Json& body) {
  for (const auto& [first, second] : kNames) {
    if (!is_given(body, first) || !is_given(body, second)) continue;
    return ScoredTexts{.firsts = texts_of(*body.find(first)),
                       .seconds = texts_of(*body.find(second)),
                       .first_field = first,
                       .second_field = second};
  }
  return bad_type("body.text_1",
                  "text_1: wanted text_1 and text_2 (or queries and documents, queries and items, "
                  "data_1 and data_2), found not both");
}

http::Response word_scores(const AnswerHead& head, std::span<const float> scores, int64_t tokens) {
  std::string json;
  JsonWriter writer(json);
  open_list(writer, head);
  for (size_t i = 0; i < scores.size(); ++i) {
    writer.open_object();
    writer.field("index", i);
    writer.field("object", "score");
    writer.key("score");
    writer.single(scores[i]);
    writer.close_object();
  }
  close_list(writer, tokens);
  return {.status = 200, .body = std::move(json)};
}

}  // namespace

ApiStatus handle_score(const Visit& visit) {
  SPYRE_TRY_ASSIGN(PoolingCall call, pooling_call(visit, kScore, check_scores, "score-"));
  SPYRE_TRY_ASSIGN(const ScoredTexts texts, scored_texts(call.body));
  SPYRE_TRY(check_scoring(call.body, texts));
  const PoolingModel& model = *visit.service.pooling;
  SPYRE_TRY_ASSIGN(Scoring scoring,
                   Scoring::create(input_rules(visit.service, call.fields), model,
                                   call.fields.use_activation.value_or(model.activate), texts));
  std::vector<PoolingPrompt> prompts = scoring.take_prompts();
  const int64_t tokens = count_tokens(prompts);
  start_pooling({.visit = visit,
                 .id = call.head.id,
                 .prompts = std::move(prompts),
                 .priority = call.fields.priority,
                 .field = texts.second_field,
                 .answer = [head = call.head, scoring = std::move(scoring),
                            tokens](PooledVectors pooled) -> ApiResult<http::Response> {
                   return word_scores(head, scoring.scores(pooled), tokens);
                 }});
  return {};
}

}  // namespace spyre::serve::openai
