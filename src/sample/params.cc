#include "sample/params.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string_view>

namespace spyre::sample {

namespace {

constexpr int32_t kMaxChoices = 16384;
// The API takes 128 words; a word may have two spellings, with and without a space before it.
constexpr size_t kMaxBadWordSequences = 256;

// Written so that NaN fails.
Status check_range(std::string_view field, double value, double low, double high) {
  if (value >= low && value <= high) return {};
  return error(Code::kInvalidArgument, "{}: wanted a number from {} to {}, found {}", field, low,
               high, value);
}

Status check_token_ids(std::string_view field, std::span<const int32_t> ids, int64_t vocab_size) {
  for (const int32_t id : ids) {
    if (id < 0 || id >= vocab_size) {
      return error(Code::kInvalidArgument, "{}: wanted token ids from 0 to {}, found {}", field,
                   vocab_size - 1, id);
    }
  }
  return {};
}

Status check_filters(const SamplingParams& params) {
  SPYRE_TRY(check_range("temperature", params.temperature, 0, 2));
  if (params.top_k < -1) {
    return error(Code::kInvalidArgument, "top_k: wanted at least 1, or 0 or -1 for off, found {}",
                 params.top_k);
  }
  if (!(params.top_p > 0 && params.top_p <= 1)) {
    return error(Code::kInvalidArgument, "top_p: wanted a number above 0, at most 1, found {}",
                 params.top_p);
  }
  return check_range("min_p", params.min_p, 0, 1);
}

Status check_penalties(const SamplingParams& params) {
  SPYRE_TRY(check_range("presence_penalty", params.presence_penalty, -2, 2));
  SPYRE_TRY(check_range("frequency_penalty", params.frequency_penalty, -2, 2));
  if (!(params.repetition_penalty > 0 && std::isfinite(params.repetition_penalty))) {
    return error(Code::kInvalidArgument, "repetition_penalty: wanted a number above 0, found {}",
                 params.repetition_penalty);
  }
  return {};
}

Status check_token_rules(const SamplingParams& params, int64_t vocab_size) {
  for (const auto& [id, bias] : params.logit_bias) {
    SPYRE_TRY(check_token_ids("logit_bias", std::span(&id, 1), vocab_size));
    if (!std::isfinite(bias)) {
      return error(Code::kInvalidArgument, "logit_bias: wanted a number for token {}, found {}", id,
                   bias);
    }
  }
  if (params.allowed_token_ids) {
    if (params.allowed_token_ids->empty()) {
      return error(Code::kInvalidArgument,
                   "allowed_token_ids: wanted at least one token id, found none");
    }
    SPYRE_TRY(check_token_ids("allowed_token_ids", *params.allowed_token_ids, vocab_size));
  }
  if (params.bad_words_token_ids.size() > kMaxBadWordSequences) {
    return error(Code::kInvalidArgument, "bad_words: wanted at most {} token sequences, found {}",
                 kMaxBadWordSequences, params.bad_words_token_ids.size());
  }
  for (const std::vector<int32_t>& word : params.bad_words_token_ids) {
    if (word.empty()) {
      return error(Code::kInvalidArgument, "bad_words: wanted words that are not empty");
    }
    SPYRE_TRY(check_token_ids("bad_words", word, vocab_size));
  }
  return {};
}

Status check_end(const SamplingParams& params, const SamplingLimits& limits) {
  if (params.max_tokens < 1) {
    return error(Code::kInvalidArgument, "max_tokens: wanted at least 1, found {}",
                 params.max_tokens);
  }
  if (params.min_tokens < 0 || params.min_tokens > params.max_tokens) {
    return error(Code::kInvalidArgument,
                 "min_tokens: wanted a number from 0 to max_tokens ({}), found {}",
                 params.max_tokens, params.min_tokens);
  }
  if (std::cmp_greater(params.stop.size(), limits.max_stop_strings)) {
    return error(Code::kInvalidArgument,
                 "stop: wanted at most {} strings (VLLM_MAX_STOP_STRINGS), found {}",
                 limits.max_stop_strings, params.stop.size());
  }
  if (std::ranges::any_of(params.stop, &std::string::empty)) {
    return error(Code::kInvalidArgument, "stop: wanted strings that are not empty");
  }
  return check_token_ids("stop_token_ids", params.stop_token_ids, limits.vocab_size);
}

Status check_logprobs(std::string_view field, std::optional<int32_t> wanted,
                      const SamplingLimits& limits) {
  if (!wanted) return {};
  if (*wanted < -1) {
    return error(Code::kInvalidArgument,
                 "{}: wanted at least 0, or -1 for the whole vocabulary, found {}", field, *wanted);
  }
  const int64_t count = *wanted == -1 ? limits.vocab_size : *wanted;
  if (limits.max_logprobs != -1 && count > limits.max_logprobs) {
    return error(Code::kInvalidArgument, "{}: wanted at most {} (--max-logprobs), found {}", field,
                 limits.max_logprobs, count);
  }
  return {};
}

}  // namespace

Status validate(const SamplingParams& params, const SamplingLimits& limits) {
  SPYRE_TRY(check_filters(params));
  SPYRE_TRY(check_penalties(params));
  SPYRE_TRY(check_token_rules(params, limits.vocab_size));
  SPYRE_TRY(check_end(params, limits));
  SPYRE_TRY(check_logprobs("logprobs", params.logprobs, limits));
  SPYRE_TRY(check_logprobs("prompt_logprobs", params.prompt_logprobs, limits));
  SPYRE_TRY(check_range("n", params.n, 1, kMaxChoices));
  if (params.n > 1 && params.greedy()) {
    return error(Code::kInvalidArgument,
                 "n: wanted 1 with temperature {} (greedy: all choices would be equal), found {}",
                 params.temperature, params.n);
  }
  return {};
}

size_t num_logprobs(std::optional<int32_t> wanted, int64_t vocab_size) {
  if (!wanted) return 0;
  const auto vocab = static_cast<size_t>(vocab_size);
  return *wanted < 0 ? vocab : std::min(static_cast<size_t>(*wanted), vocab);
}

}  // namespace spyre::sample
