// The two generation endpoints: from a body to the engine's requests and the answer's plan.
#include "serve/openai/answer_head.h"
#include "serve/openai/chat_output.h"
#include "serve/openai/generation.h"
#include "serve/openai/handlers.h"
#include "serve/openai/model_kind.h"

namespace spyre::serve::openai {

namespace {

struct Parsed {
  Json body;
  RequestFields fields;
};

ApiResult<Parsed> parse(const Visit& visit, Taker taker) {
  const Service& service = visit.service;
  Parsed parsed;
  SPYRE_TRY_ASSIGN(parsed.body, parse_body(visit.exchange->request()));
  // The model's own max_tokens is a cap, not a default: engine_requests() applies it.
  SamplingRequest defaults = service.default_sampling;
  defaults.max_tokens = std::nullopt;
  SPYRE_TRY_ASSIGN(parsed.fields,
                   parse_request_fields(parsed.body, taker, service.tokenizer, defaults));
  SPYRE_TRY(check_model(service, parsed.fields.model));
  SPYRE_TRY(check_generates(service));
  SPYRE_TRY(check_supported(parsed.body));
  SPYRE_TRY(check_combinations(service, parsed.fields, taker));
  settle_sampling(parsed.fields, taker);
  SPYRE_TRY(settle_grammar(service, parsed.fields));
  return parsed;
}

bool member_is_true(const Json& object, const char* name) {
  return object.is_object() && object.value(name, Json(false)) == true;
}

AnswerPlan plan_answer(const Visit& visit, const RequestFields& fields, std::string_view id_prefix,
                       std::vector<Prompt> prompts) {
  const Service& service = visit.service;
  const sample::SamplingParams& params = fields.sampling.params;
  const ServiceOptions& options = service.options;
  AnswerHead head = answer_head(visit, fields, id_prefix);
  AnswerPlan plan{
      .tokenizer = service.tokenizer,
      .id = std::move(head.id),
      .created_s = head.created_s,
      .model = std::move(head.model),
      .fingerprint = service.fingerprint,
      .prompts = std::move(prompts),
      .choices = fields.use_beam_search ? fields.sampling.beam_width : params.n,
      .logprobs = params.logprobs,
      .tokens_as_ids =
          fields.return_tokens_as_token_ids.value_or(options.return_tokens_as_token_ids),
      .return_token_ids = fields.return_token_ids,
      .prompt_tokens_details = options.enable_prompt_tokens_details,
      .metrics = options.per_request_metrics,
  };
  const bool forced = options.force_include_usage;
  plan.include_usage = forced || member_is_true(fields.stream_options, "include_usage");
  plan.continuous_usage =
      forced ||
      (plan.include_usage && member_is_true(fields.stream_options, "continuous_usage_stats"));
  return plan;
}

// Names that vLLM no longer knows still work, and say so.
http::Headers answer_headers(const RequestFields& fields) {
  if (!fields.sampling.structured.guided()) return {};
  return {{"Deprecation", "true"}};
}

// Whose turn the answer is: the last message's, when it is to be continued.
std::string answer_role(const Service& service, const RequestFields& fields, const Json& messages) {
  if (fields.add_generation_prompt.value_or(true) && !fields.continue_final_message) {
    return service.options.response_role;
  }
  return messages.back()["role"].get<std::string>();
}

}  // namespace

ApiStatus handle_completion(const Visit& visit) {
  SPYRE_TRY_ASSIGN(Parsed parsed, parse(visit, kCompletion));
  RequestFields& fields = parsed.fields;
  const bool prompt_logprobs_wanted =
      parsed.body.contains("prompt_logprobs") && !parsed.body["prompt_logprobs"].is_null();
  SPYRE_TRY_ASSIGN(std::vector<Prompt> prompts,
                   completion_prompts(visit.service, fields, parsed.body["prompt"]));
  SPYRE_TRY_ASSIGN(auto requests, engine_requests(visit.service, fields, kCompletion, prompts));
  AnswerPlan plan = plan_answer(visit, fields, "cmpl-", std::move(prompts));
  plan.prompt_logprobs = prompt_logprobs_wanted;
  plan.echo = fields.echo;
  plan.echo_only = fields.echo && fields.sampling.max_tokens == 0;
  return start_generation({.visit = visit,
                           .taker = kCompletion,
                           .id = plan.id,
                           .requests = std::move(requests),
                           .answer = completion_answer(std::move(plan)),
                           .stream = fields.stream,
                           .headers = answer_headers(fields)});
}

ApiStatus handle_chat(const Visit& visit) {
  SPYRE_TRY_ASSIGN(Parsed parsed, parse(visit, kChat));
  RequestFields& fields = parsed.fields;
  SPYRE_TRY(check_tools(visit.service, fields));
  SPYRE_TRY(force_calls(visit.service, fields));
  const Json& messages = parsed.body["messages"];
  std::vector<Prompt> prompts(1);
  SPYRE_TRY_ASSIGN(prompts[0], chat_prompt(visit.service, fields, messages));
  truncate(prompts[0].ids, fields, visit.service.max_model_len);
  SPYRE_TRY(check_length(prompts[0].ids, visit.service.max_model_len, "messages"));
  std::optional<ChatOutput> output = chat_output(visit.service, fields, prompts[0].text);
  if (output) {
    fields.sampling.params.shown_special_tokens =
        mark_tokens(output->terms, visit.service.tokenizer);
  }
  SPYRE_TRY_ASSIGN(auto requests, engine_requests(visit.service, fields, kChat, prompts));
  AnswerPlan plan = plan_answer(visit, fields, "chatcmpl-", std::move(prompts));
  plan.prompt_logprobs = fields.sampling.params.prompt_logprobs.has_value();
  plan.role = answer_role(visit.service, fields, messages);
  if (fields.echo) plan.echo_text = echoed_text(messages, plan.role);
  if (fields.return_prompt_text) plan.prompt_text = plan.prompts[0].text;
  plan.output = std::move(output);
  return start_generation({.visit = visit,
                           .taker = kChat,
                           .id = plan.id,
                           .requests = std::move(requests),
                           .answer = chat_answer(std::move(plan)),
                           .stream = fields.stream,
                           .headers = answer_headers(fields)});
}

}  // namespace spyre::serve::openai
