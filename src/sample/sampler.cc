#include "sample/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sample/draw.h"
#include "sample/softmax.h"

namespace spyre::sample {

namespace {

std::unexpected<Error> no_distribution(std::span<const float> logits, int64_t index) {
  const auto bad = std::ranges::find_if(
      logits, [](float x) { return std::isnan(x) || x == std::numeric_limits<float>::infinity(); });
  if (bad == logits.end()) {
    return error(Code::kInvalidArgument,
                 "token {}: wanted logits that are numbers, found only -inf; the model's weights "
                 "or its precision (--dtype) may be at fault",
                 index);
  }
  return error(Code::kInvalidArgument,
               "token {}: wanted logits that are numbers, found {} for id {}; the model's weights "
               "or its precision (--dtype) may be at fault",
               index, *bad, bad - logits.begin());
}

}  // namespace

SequenceSampler::SequenceSampler(const SamplingParams& params, std::span<const int32_t> prompt,
                                 int64_t vocab_size, uint32_t stream, uint64_t entropy)
    : vocab_size_(vocab_size),
      greedy_(params.greedy()),
      logprobs_(params.logprobs.has_value()),
      cumulative_logprob_(params.cumulative_logprob),
      filters_{.temperature = params.temperature,
               .top_k = params.top_k,
               .top_p = params.top_p,
               .min_p = params.min_p},
      best_capacity_(num_logprobs(params.logprobs, vocab_size)),
      random_{.seed = params.seed ? static_cast<uint64_t>(*params.seed) : entropy,
              .stream = stream},
      edits_(params, vocab_size),
      penalties_(params, prompt, vocab_size) {}

Result<Token> SequenceSampler::sample(std::span<const float> logits, std::span<TokenLogprob> best,
                                      Workspace& workspace, std::span<const uint32_t> mask) {
  SPYRE_CHECK(logits.size() == static_cast<size_t>(vocab_size_));
  SPYRE_CHECK(logits.size() == workspace.vocab_size());
  const float max = max_or_nan(logits);
  if (!std::isfinite(max)) return no_distribution(logits, generated_tokens_);
  const std::span<const float> processed = process(logits, mask, workspace);
  const bool is_copy = processed.data() != logits.data();
  SPYRE_TRY_ASSIGN(const int32_t id,
                   choose(processed, is_copy ? max_logit(processed) : max, workspace));

  ++generated_tokens_;
  edits_.append(id);
  penalties_.append(id);
  Token token{.id = id};
  if (!logprobs_ && !cumulative_logprob_) return token;
  const double log_sum = log_sum_exp(logits);
  token.logprob = static_cast<float>(logits[static_cast<size_t>(id)] - log_sum);
  if (!logprobs_) return token;
  token.rank = score_token(logits, id, log_sum).rank;
  best = best.first(std::min(best.size(), best_capacity_));
  token.num_best = score_best(logits, best, log_sum, workspace);
  return token;
}

// The row itself when nothing changes it, else a changed copy in the workspace.
std::span<const float> SequenceSampler::process(std::span<const float> logits,
                                                std::span<const uint32_t> mask,
                                                Workspace& workspace) const {
  if (mask.empty() && !edits_.any(generated_tokens_) && !penalties_.any()) return logits;
  const std::span<float> row = workspace.logits();
  std::ranges::copy(logits, row.begin());
  if (!mask.empty()) apply_mask(mask, row);
  edits_.apply(row, generated_tokens_);
  penalties_.apply(row);
  return row;
}

Result<int32_t> SequenceSampler::choose(std::span<const float> processed, float max,
                                        Workspace& workspace) const {
  if (std::isinf(max)) {
    return error(Code::kInvalidArgument,
                 "token {}: no token is left to choose from; loosen allowed_token_ids, bad_words, "
                 "min_tokens or logit_bias, or the grammar of a structured output",
                 generated_tokens_);
  }
  if (greedy_) return first_max(processed, max);
  const Weighting weighting{.max = max,
                            .inverse_temperature = 1 / filters_.temperature,
                            .cut = find_cut(processed, max, filters_, workspace)};
  const double uniform = random_.uniform(static_cast<uint64_t>(generated_tokens_));
  return draw(processed, weighting, uniform, workspace.block_weights());
}

}  // namespace spyre::sample
