#include "serve/openai/generation_request.h"

#include <algorithm>

#include "serve/openai/field_types.h"
#include "serve/openai/json_writer.h"

namespace spyre::serve::openai {

namespace {

constexpr int64_t kCompletionTokens = 16;  // max_tokens of a completion that names none
constexpr int64_t kMaxSaltCharacters = 128;

// Fields that would change the answer and are not there yet, and what to say of them.
constexpr std::pair<std::string_view, std::string_view> kRefused[] = {
    {"suffix", "no model here fills in the middle"},
    {"prompt_embeds", "prompts as embeddings are not supported"},
    {"logprob_token_ids", "log-probabilities of given tokens are not supported yet"},
};

std::unexpected<ApiError> refuse(std::string_view field, std::string_view reason) {
  return bad_value(field, fmt::format("{}: {}", field, reason));
}

ApiStatus check_stream(const RequestFields& fields) {
  if (!fields.stream) {
    if (fields.stream_options.is_null()) return {};
    return refuse("stream_options", "wanted stream = true beside it");
  }
  if (fields.sampling.params.prompt_logprobs) {
    return refuse("prompt_logprobs", "not available in a stream");
  }
  if (fields.use_beam_search) return refuse("use_beam_search", "not available in a stream");
  return {};
}

ApiStatus check_salt(const std::optional<std::string>& salt) {
  constexpr std::string_view kForbidden("@/\\\0", 4);
  if (!salt) return {};
  const bool allowed = !salt->empty() && salt->find_first_of(kForbidden) == std::string::npos;
  if (allowed && count_characters(*salt) <= kMaxSaltCharacters) return {};
  return refuse("cache_salt", "wanted 1 to 128 characters, none of @ / \\ and NUL");
}

ApiStatus check_longest_answer(const Service& service, std::string_view field, int64_t tokens) {
  if (tokens <= service.max_model_len) return {};
  return bad_value(field,
                   fmt::format("{}: This model's maximum context length is {} tokens. However, you "
                               "requested {} tokens for the answer.",
                               field, service.max_model_len, tokens));
}

ApiStatus check_max_tokens(const Service& service, const RequestFields& fields, Taker taker) {
  const auto& wanted = fields.sampling.max_tokens;
  if (taker == kCompletion && wanted == 0 && !fields.echo) {
    return refuse("max_tokens", "wanted at least 1 (0 only with echo), found 0");
  }
  if (wanted) SPYRE_TRY(check_longest_answer(service, "max_tokens", *wanted));
  if (!fields.max_completion_tokens) return {};
  return check_longest_answer(service, "max_completion_tokens", *fields.max_completion_tokens);
}

// The larger of two counts of logprobs, of which -1 is the largest.
int32_t more_of(int32_t one, int32_t other) {
  return one < 0 || other < 0 ? -1 : std::max(one, other);
}

ApiStatus check_chat(const RequestFields& fields) {
  if (fields.top_logprobs != 0 && !fields.chat_logprobs) {
    return refuse("top_logprobs", "wanted logprobs = true beside it");
  }
  if (fields.continue_final_message && fields.add_generation_prompt == true) {
    return refuse("continue_final_message",
                  "Cannot set both continue_final_message and add_generation_prompt to true");
  }
  return {};
}

}  // namespace

ApiStatus check_supported(const Json& body) {
  for (const auto& [field, reason] : kRefused) {
    const auto found = body.find(field);
    if (found == body.end() || found->is_null()) continue;
    if (field == "suffix" && *found == "") continue;
    return refuse(field, reason);
  }
  return {};
}

ApiStatus check_priority(const Service& service, const RequestFields& fields) {
  if (fields.priority == 0 || service.options.by_priority) return {};
  return refuse("priority",
                "requests are served in the order in which they come; wanted 0, or a server with "
                "--scheduler mixed --scheduling-policy priority");
}

ApiStatus check_combinations(const Service& service, const RequestFields& fields, Taker taker) {
  SPYRE_TRY(check_stream(fields));
  SPYRE_TRY(check_salt(fields.cache_salt));
  SPYRE_TRY(check_max_tokens(service, fields, taker));
  if (taker == kChat) SPYRE_TRY(check_chat(fields));
  if (fields.best_of && *fields.best_of != fields.sampling.params.n) {
    return refuse("best_of", fmt::format("wanted the same as n ({}), found {}",
                                         fields.sampling.params.n, *fields.best_of));
  }
  SPYRE_TRY(check_priority(service, fields));
  const int64_t kept = fields.truncate_prompt_tokens.value_or(1);
  if (kept == 0 || kept > service.max_model_len) {
    return refuse("truncate_prompt_tokens",
                  fmt::format("wanted 1 to {} (--max-model-len), or -1, found {}",
                              service.max_model_len, kept));
  }
  return {};
}

void settle_sampling(RequestFields& fields, Taker taker) {
  SamplingRequest& sampling = fields.sampling;
  sampling.params.cumulative_logprob = false;  // the API has no field for it
  if (taker == kChat) {
    sampling.params.logprobs =
        fields.chat_logprobs ? std::optional(fields.top_logprobs) : std::nullopt;
    if (fields.max_completion_tokens) sampling.max_tokens = fields.max_completion_tokens;
  } else if (fields.echo && sampling.params.logprobs) {
    sampling.params.prompt_logprobs =
        more_of(*sampling.params.logprobs, sampling.params.prompt_logprobs.value_or(0));
  }
  if (fields.use_beam_search) {
    sampling.beam_width = sampling.params.n;
    sampling.params.n = 1;
  }
}

ApiStatus settle_grammar(const Service& service, RequestFields& fields) {
  SamplingRequest& sampling = fields.sampling;
  auto grammar =
      compile_grammar(sampling.structured, service.options.structured_outputs, service.grammars);
  if (!grammar) return std::unexpected(from_error(grammar.error()));
  sampling.grammar = std::move(*grammar);
  if (sampling.grammar && fields.use_beam_search) {
    return refuse("use_beam_search", "not available with structured outputs");
  }
  return {};
}

ApiResult<std::vector<engine::Request>> engine_requests(const Service& service,
                                                        const RequestFields& fields, Taker taker,
                                                        const std::vector<Prompt>& prompts) {
  const int64_t cap = service.default_sampling.max_tokens.value_or(service.max_model_len);
  std::vector<engine::Request> requests;
  for (const Prompt& prompt : prompts) {
    const auto prompt_tokens = static_cast<int64_t>(prompt.ids.size());
    const auto& wanted = fields.sampling.max_tokens;
    int64_t max_tokens = std::min(cap, service.max_model_len - prompt_tokens);
    if (wanted) {
      max_tokens = std::min(max_tokens, *wanted);
    } else {
      max_tokens = std::min(max_tokens, service.engine.most_new_tokens(prompt_tokens));
      if (taker == kCompletion) max_tokens = std::min(max_tokens, kCompletionTokens);
    }
    // An engine that can give no token refuses the one that is asked for, in words of its own.
    requests.push_back(
        make_engine_request(prompt.ids, fields.sampling, std::max<int64_t>(max_tokens, 1)));
    requests.back().priority = fields.priority;
    requests.back().cache_salt = fields.cache_salt;
    if (const Status valid = sample::validate(requests.back().params, service.limits); !valid) {
      return std::unexpected(from_error(valid.error()));
    }
  }
  return requests;
}

ApiError submit_error(const Service& service, const Error& error, int64_t prompt_tokens,
                      Taker taker) {
  const std::string_view prompt_field = taker == kChat ? "messages" : "prompt";
  ApiError answer = from_error(error);
  if (answer.status != 400 || answer.param) return answer;
  const auto says = [&](const char* words) {
    return error.message.find(words) != std::string::npos;
  };
  const bool misfit = says("No applicable warmup shape") || says("Could not add request");
  const bool answer_too_long = misfit && service.engine.most_new_tokens(prompt_tokens) > 0;
  answer.param = answer_too_long ? "max_tokens" : std::string(prompt_field);
  return answer;
}

}  // namespace spyre::serve::openai
