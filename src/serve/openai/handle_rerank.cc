// POST /rerank: documents by how well they answer a query, the best first, as Jina and Cohere do.
#include <algorithm>
#include <numeric>

#include "serve/openai/handlers.h"
#include "serve/openai/model_kind.h"
#include "serve/openai/pooling_call.h"
#include "serve/openai/scoring.h"

namespace spyre::serve::openai {

namespace {

struct RankAnswer {
  AnswerHead head;
  std::vector<std::string> documents;
  size_t most = 0;  // results
  bool with_documents = true;
  int64_t prompt_tokens = 0;
};

std::vector<std::string> documents_of(const Json& list) {
  std::vector<std::string> texts;
  for (const Json& each : list) {
    texts.push_back(each.is_string() ? each.get<std::string>() : each["text"].get<std::string>());
  }
  return texts;
}

// Indices by falling score; equals keep their order.
std::vector<size_t> ranking(std::span<const float> scores) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t a, size_t b) {
    return scores[a] != scores[b] ? scores[a] > scores[b] : a < b;
  });
  return order;
}

void write_result(JsonWriter& writer, const RankAnswer& answer, size_t index, float score) {
  writer.open_object();
  writer.field("index", index);
  if (answer.with_documents) {
    writer.key("document");
    writer.open_object();
    writer.field("text", answer.documents[index]);
    writer.close_object();
  }
  writer.key("relevance_score");
  writer.single(score);
  writer.close_object();
}

http::Response word_ranks(const RankAnswer& answer, std::span<const float> scores) {
  std::string json;
  JsonWriter writer(json);
  writer.open_object();
  writer.field("id", to_utf8(answer.head.id));
  writer.field("model", to_utf8(answer.head.model));
  writer.key("usage");
  writer.open_object();
  writer.field("prompt_tokens", answer.prompt_tokens);
  writer.field("total_tokens", answer.prompt_tokens);
  writer.close_object();
  writer.key("results");
  writer.open_array();
  const auto order = ranking(scores);
  for (size_t i = 0; i < std::min(answer.most, order.size()); ++i) {
    write_result(writer, answer, order[i], scores[order[i]]);
  }
  writer.close_array();
  writer.close_object();
  return {.status = 200, .body = std::move(json)};
}

}  // namespace

ApiStatus handle_rerank(const Visit& visit) {
  SPYRE_TRY_ASSIGN(PoolingCall call, pooling_call(visit, kRerank, check_scores, "rerank-"));
  const ScoredTexts texts{.firsts = {call.body["query"].get<std::string>()},
                          .seconds = documents_of(call.body["documents"]),
                          .first_field = "query",
                          .second_field = "documents"};
  SPYRE_TRY(check_scoring(call.body, texts));
  const PoolingModel& model = *visit.service.pooling;
  SPYRE_TRY_ASSIGN(Scoring scoring,
                   Scoring::create(input_rules(visit.service, call.fields), model,
                                   call.fields.use_activation.value_or(model.activate), texts));
  std::vector<PoolingPrompt> prompts = scoring.take_prompts();
  const size_t top = static_cast<size_t>(call.fields.top_n);
  RankAnswer answer{.head = call.head,
                    .documents = texts.seconds,
                    .most = top == 0 ? texts.seconds.size() : top,
                    .with_documents = call.fields.return_documents,
                    .prompt_tokens = count_tokens(prompts)};
  start_pooling({.visit = visit,
                 .id = call.head.id,
                 .prompts = std::move(prompts),
                 .priority = call.fields.priority,
                 .field = "documents",
                 .answer = [answer = std::move(answer), scoring = std::move(scoring)](
                               PooledVectors pooled) -> ApiResult<http::Response> {
                   return word_ranks(answer, scoring.scores(pooled));
                 }});
  return {};
}

}  // namespace spyre::serve::openai
