#include "sample/beam_search.h"

#include <algorithm>
#include <cmath>

namespace spyre::sample {

Status validate(const BeamSearchParams& params, const SamplingLimits& limits) {
  if (params.width < 1 || params.width > limits.vocab_size) {
    return error(Code::kInvalidArgument, "beam_width: wanted a number from 1 to {}, found {}",
                 limits.vocab_size, params.width);
  }
  if (!std::isfinite(params.length_penalty)) {
    return error(Code::kInvalidArgument, "length_penalty: wanted a number, found {}",
                 params.length_penalty);
  }
  if (params.max_tokens < 1) {
    return error(Code::kInvalidArgument, "max_tokens: wanted at least 1, found {}",
                 params.max_tokens);
  }
  return {};
}

BeamSearch::BeamSearch(const BeamSearchParams& params, std::span<const int32_t> eos_token_ids,
                       int64_t prompt_tokens, int64_t vocab_size)
    : params_(params),
      eos_token_ids_(eos_token_ids.begin(), eos_token_ids.end()),
      prompt_tokens_(prompt_tokens),
      candidates_per_beam_(
          static_cast<size_t>(std::min(2 * static_cast<int64_t>(params.width), vocab_size))),
      live_(1),
      live_nodes_(1, kNoNode) {}

Status BeamSearch::step(std::span<const TokenLogprob> candidates) {
  SPYRE_CHECK(!finished());
  SPYRE_CHECK(candidates.size() == live_.size() * candidates_per_beam_);
  if (std::ranges::any_of(candidates, [](const auto& each) { return std::isnan(each.logprob); })) {
    return error(Code::kInvalidArgument,
                 "token {}: wanted log-probabilities that are numbers, found nan; the model's "
                 "weights or its precision (--dtype) may be at fault",
                 generated_tokens_);
  }
  ++generated_tokens_;
  growths_.clear();
  for (size_t i = 0; i < candidates.size(); ++i) {
    const size_t parent = i / candidates_per_beam_;
    const double cumulative = live_[parent].cumulative_logprob + candidates[i].logprob;
    const bool ends = is_eos(candidates[i].id);
    Growth growth{.parent = static_cast<int32_t>(parent),
                  .token = candidates[i],
                  .cumulative_logprob = cumulative,
                  .score = score_of(cumulative, generated_tokens_ - (ends ? 1 : 0))};
    if (ends) {
      add_ending(growth, FinishReason::kStop);
    } else {
      growths_.push_back(growth);
    }
  }
  keep_best_growths();
  return {};
}

// The best growths become the live beams, or, with the last token, endings.
void BeamSearch::keep_best_growths() {
  const size_t kept = std::min(growths_.size(), static_cast<size_t>(params_.width));
  const auto better = [](const Growth& a, const Growth& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.parent != b.parent ? a.parent < b.parent : a.token.rank < b.token.rank;
  };
  std::ranges::partial_sort(growths_, growths_.begin() + static_cast<ptrdiff_t>(kept), better);
  growths_.resize(kept);
  if (generated_tokens_ >= params_.max_tokens) {
    for (const Growth& growth : growths_) add_ending(growth, FinishReason::kLength);
    growths_.clear();
  }
  new_nodes_.clear();
  for (const Growth& growth : growths_) new_nodes_.push_back(add_node(growth));
  live_nodes_.swap(new_nodes_);
  live_.clear();
  for (const Growth& growth : growths_) {
    live_.push_back({.parent = growth.parent,
                     .token = growth.token.id,
                     .cumulative_logprob = growth.cumulative_logprob});
  }
}

std::vector<Hypothesis> BeamSearch::best() const {
  std::vector<Hypothesis> all;
  all.reserve(endings_.size() + live_.size());
  for (const Ending& ending : endings_) all.push_back(hypothesis(ending));
  if (generated_tokens_ == 0) return all;
  for (size_t i = 0; i < live_.size(); ++i) {
    const double cumulative = live_[i].cumulative_logprob;
    const double score = score_of(cumulative, generated_tokens_);
    const auto place =
        std::ranges::upper_bound(all, score, std::ranges::greater(), &Hypothesis::score);
    all.insert(place, hypothesis({.node = live_nodes_[i],
                                  .cumulative_logprob = cumulative,
                                  .score = score,
                                  .reason = FinishReason::kLength}));
  }
  if (std::cmp_greater(all.size(), params_.width)) all.resize(static_cast<size_t>(params_.width));
  return all;
}

bool BeamSearch::is_eos(int32_t token) const {
  return !params_.ignore_eos && std::ranges::find(eos_token_ids_, token) != eos_token_ids_.end();
}

double BeamSearch::score_of(double cumulative_logprob, int64_t output_tokens) const {
  const auto tokens = static_cast<double>(std::max<int64_t>(1, prompt_tokens_ + output_tokens));
  return cumulative_logprob / std::pow(tokens, static_cast<double>(params_.length_penalty));
}

int32_t BeamSearch::add_node(const Growth& growth) {
  nodes_.push_back(
      {.token = growth.token, .before = live_nodes_[static_cast<size_t>(growth.parent)]});
  return static_cast<int32_t>(nodes_.size() - 1);
}

// Scores of endings are final: those after the best `width` can never be a result.
void BeamSearch::add_ending(const Growth& growth, FinishReason reason) {
  const auto place =
      std::ranges::upper_bound(endings_, growth.score, std::ranges::greater(), &Ending::score);
  const bool full = std::cmp_equal(endings_.size(), params_.width);
  if (full && place == endings_.end()) return;
  endings_.insert(place, {.node = add_node(growth),
                          .cumulative_logprob = growth.cumulative_logprob,
                          .score = growth.score,
                          .reason = reason});
  if (full) endings_.pop_back();
}

Hypothesis BeamSearch::hypothesis(const Ending& ending) const {
  Hypothesis result{.cumulative_logprob = ending.cumulative_logprob,
                    .score = ending.score,
                    .reason = ending.reason};
  for (int32_t node = ending.node; node != kNoNode;
       node = nodes_[static_cast<size_t>(node)].before) {
    result.tokens.push_back(nodes_[static_cast<size_t>(node)].token);
  }
  std::ranges::reverse(result.tokens);
  return result;
}

}  // namespace spyre::sample
