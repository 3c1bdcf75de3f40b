// What a request may ask of sampling, under vLLM's names and with vLLM's meanings, and the check of
// every range. Where the values came from (an HTTP body, a flag, generation_config.json) is not
// known here; words were turned into token ids before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace spyre::sample {

// Below it the likeliest token is taken: a division by it would only overflow.
inline constexpr float kGreedyTemperature = 1e-5f;

struct SamplingParams {
  float temperature = 1.0f;         // [0, 2]; below kGreedyTemperature: greedy
  int32_t top_k = 0;                // tokens; 0 or -1: off
  float top_p = 1.0f;               // (0, 1]; 1: off
  float min_p = 0.0f;               // [0, 1], of the likeliest token's probability; 0: off
  float presence_penalty = 0.0f;    // [-2, 2], once for each generated token
  float frequency_penalty = 0.0f;   // [-2, 2], for each time that it was generated
  float repetition_penalty = 1.0f;  // > 0, a factor for tokens of prompt and output; 1: off
  std::vector<std::pair<int32_t, float>> logit_bias = {};  // token id, bias; clamped to [-100, 100]
  std::optional<std::vector<int32_t>> allowed_token_ids = {};  // at least one
  std::vector<std::vector<int32_t>> bad_words_token_ids = {};  // sequences never to be completed
  int64_t min_tokens = 0;                                      // no end before this many tokens
  int64_t max_tokens = 16;
  bool ignore_eos = false;
  std::vector<std::string> stop = {};  // UTF-8, not empty
  std::vector<int32_t> stop_token_ids = {};
  std::vector<int32_t> eos_token_ids = {};  // the model's own
  bool include_stop_str_in_output = false;
  bool skip_special_tokens = true;
  std::vector<int32_t> shown_special_tokens = {};  // not skipped: marks that a reader waits for
  std::optional<int64_t> seed = {};
  int32_t n = 1;                         // choices; greedy: 1
  std::optional<int32_t> logprobs = {};  // likeliest tokens to report; -1: the whole vocabulary
  std::optional<int32_t> prompt_logprobs = {};  // likewise, for each prompt token
  // Wanted of each chosen token even without `logprobs`: it takes a pass over all logits.
  bool cumulative_logprob = true;

  bool greedy() const { return temperature < kGreedyTemperature; }
};

struct SamplingLimits {
  int64_t vocab_size = 0;
  int32_t max_logprobs = 20;  // --max-logprobs; -1: no limit
  int32_t max_stop_strings = 4;
};

// kInvalidArgument when a value is out of range; the message names the field, what was wanted and
// what was found.
Status validate(const SamplingParams& params, const SamplingLimits& limits);

// How many entries a list of likeliest tokens needs: none: 0; -1: the vocabulary.
// wanted: a validated `logprobs` or `prompt_logprobs`.
size_t num_logprobs(std::optional<int32_t> wanted, int64_t vocab_size);

}  // namespace spyre::sample
