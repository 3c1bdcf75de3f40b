#include "cli/result_json.h"

namespace spyre::cli {

namespace {

Json token_json(const engine::TokenOutput& token) {
  Json top = Json::array();
  for (const sample::TokenLogprob& each : token.top) {
    top.push_back({{"id", each.id}, {"logprob", each.logprob}, {"rank", each.rank}});
  }
  return {{"id", token.id}, {"logprob", token.logprob}, {"rank", token.rank}, {"top", top}};
}

Json logprobs_json(const std::vector<engine::TokenOutput>& tokens) {
  if (tokens.empty()) return nullptr;
  Json list = Json::array();
  for (const engine::TokenOutput& token : tokens) list.push_back(token_json(token));
  return list;
}

// The first prompt token has nothing before it, hence no log-probability.
Json prompt_logprobs_json(const std::vector<engine::TokenOutput>& tokens) {
  if (tokens.empty()) return nullptr;
  Json list = logprobs_json(tokens);
  list.insert(list.begin(), nullptr);
  return list;
}

Json stop_reason_json(const sample::StopReason& reason) {
  if (const auto* token = std::get_if<int32_t>(&reason)) return *token;
  if (const auto* text = std::get_if<std::string>(&reason)) return *text;
  return nullptr;
}

void add_completion(Json& json, const engine::Completion& completion) {
  json["token_ids"] = completion.token_ids;
  json["text"] = completion.text;
  json["finish_reason"] = sample::name(completion.finish_reason);
  json["stop_reason"] = stop_reason_json(completion.stop_reason);
  json["logprobs"] = logprobs_json(completion.logprobs);
  json["cumulative_logprob"] = completion.cumulative_logprob;
}

double per_second(int64_t tokens, double seconds) {
  return tokens > 0 && seconds > 0 ? static_cast<double>(tokens) / seconds : 0;
}

// The first token of each choice comes out of the prefill; the decode speed counts the others.
Json timings_json(const engine::Timings& timings, int64_t prompt_tokens, int64_t decoded_tokens,
                  double load_seconds) {
  return {{"load_seconds", load_seconds},
          {"prefill_seconds", timings.prefill_seconds},
          {"prefill_tokens_per_second", per_second(prompt_tokens, timings.prefill_seconds)},
          {"decode_seconds", timings.decode_seconds},
          {"decode_tokens_per_second", per_second(decoded_tokens, timings.decode_seconds)}};
}

Json error_body(const Error& error) {
  return {{"code", name(error.code)}, {"message", error.message}};
}

Json started(const Json& request_id) {
  Json json = Json::object();
  if (!request_id.is_null()) json["id"] = request_id;
  return json;
}

}  // namespace

Json result_json(const Json& request_id, std::span<const int32_t> prompt,
                 const engine::RequestOutput& output, double load_seconds) {
  if (output.error) return error_json(request_id, *output.error);
  Json json = started(request_id);
  json["prompt_token_ids"] = prompt;
  int64_t completion_tokens = 0;
  int64_t decoded_tokens = 0;
  for (const engine::Completion& each : output.completions) {
    const auto tokens = static_cast<int64_t>(each.token_ids.size());
    completion_tokens += tokens;
    decoded_tokens += std::max<int64_t>(0, tokens - 1);
  }
  if (!output.completions.empty()) add_completion(json, output.completions[0]);
  json["prompt_logprobs"] = prompt_logprobs_json(output.prompt_logprobs);
  if (output.completions.size() > 1) {
    for (const engine::Completion& each : output.completions) {
      Json choice = {{"index", each.index}};
      add_completion(choice, each);
      json["choices"].push_back(std::move(choice));
    }
  }
  const auto prompt_tokens = static_cast<int64_t>(prompt.size());
  json["usage"] = {{"prompt_tokens", prompt_tokens},
                   {"completion_tokens", completion_tokens},
                   {"total_tokens", prompt_tokens + completion_tokens}};
  json["timings"] = timings_json(output.timings, prompt_tokens, decoded_tokens, load_seconds);
  return json;
}

Json error_json(const Json& request_id, const Error& error) {
  Json json = started(request_id);
  json["error"] = error_body(error);
  return json;
}

}  // namespace spyre::cli
