#include "serve/openai/scoring.h"

#include "engine/pooled_values.h"
#include "serve/openai/field_types.h"

namespace spyre::serve::openai {

namespace {

// What would change scores and is not there.
ApiStatus check_served(const Json& body) {
  const auto given = [&](const char* name) {
    const auto found = body.find(name);
    return found != body.end() && !found->is_null();
  };
  if (given("instruction") && body["instruction"] != "") {
    return bad_value("instruction", "instruction: no model here reads one");
  }
  for (const char* name : {"max_tokens_per_query", "max_tokens_per_doc"}) {
    if (!given(name) || integer_of(body[name]) == 0) continue;
    return bad_value(name, fmt::format("{}: not supported; wanted 0, or truncate_prompt_tokens in "
                                       "its place",
                                       name));
  }
  return {};
}

ApiStatus check_counts(const ScoredTexts& texts) {
  const size_t firsts = texts.firsts.size();
  const size_t seconds = texts.seconds.size();
  if (firsts == 1 || firsts == seconds) return {};
  return bad_value(texts.first_field,
                   fmt::format("{}: wanted 1 text, or as many as {} ({}), found {}: pairs are 1:1, "
                               "1:N or N:N",
                               texts.first_field, texts.second_field, seconds, firsts));
}

}  // namespace

ApiStatus check_scoring(const Json& body, const ScoredTexts& texts) {
  SPYRE_TRY(check_served(body));
  SPYRE_TRY(check_input_count(texts.firsts.size(), texts.first_field));
  return check_input_count(texts.seconds.size(), texts.second_field);
}

ApiResult<Scoring> Scoring::create(const InputRules& rules, const PoolingModel& model,
                                   bool activate, const ScoredTexts& texts) {
  SPYRE_TRY(check_counts(texts));
  Scoring scoring;
  scoring.embeds_ = model.task == PoolingTask::kEmbed;
  scoring.num_firsts_ = texts.firsts.size();
  scoring.activate_ = activate;
  const auto& [firsts, seconds, first_field, second_field] = texts;
  if (scoring.embeds_) {
    for (size_t i = 0; i < firsts.size(); ++i) {
      SPYRE_TRY_ASSIGN(scoring.prompts_.emplace_back(),
                       text_prompt(rules, firsts[i], first_field, i));
    }
  }
  for (size_t i = 0; i < seconds.size(); ++i) {
    const std::string& first = firsts[firsts.size() == 1 ? 0 : i];
    SPYRE_TRY_ASSIGN(scoring.prompts_.emplace_back(),
                     scoring.embeds_ ? text_prompt(rules, seconds[i], second_field, i)
                                     : pair_prompt(rules, first, seconds[i], second_field, i));
  }
  return scoring;
}

std::vector<float> Scoring::scores(PooledVectors pooled) const {
  std::vector<float> scores;
  if (!embeds_) {
    for (const auto& each : pooled) {
      scores.push_back(activate_ ? engine::sigmoid(each[0]) : each[0]);
    }
    return scores;
  }
  for (size_t i = num_firsts_; i < pooled.size(); ++i) {
    const auto& first = pooled[num_firsts_ == 1 ? 0 : i - num_firsts_];
    scores.push_back(engine::cosine_similarity(first, pooled[i]));
  }
  return scores;
}

}  // namespace spyre::serve::openai
