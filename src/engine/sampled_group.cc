#include "engine/sampled_group.h"

#include <algorithm>
#include <random>

namespace spyre::engine {

Result<std::unique_ptr<Group>> SampledGroup::create(GroupContext& context, RequestId id,
                                                    Request request, Clock::time_point arrival) {
  std::unique_ptr<SampledGroup> group(new SampledGroup(context, id, std::move(request), arrival));
  const sample::SamplingParams& params = group->request_.params;
  // Used only by requests without a seed.
  std::random_device device;
  const uint64_t entropy = (uint64_t{device()} << 32) | device();
  const int64_t room =
      context.runner.max_model_len() - static_cast<int64_t>(group->request_.prompt.size());
  const int32_t first = group->request_.first_choice;
  for (int32_t index = first; index < first + params.n; ++index) {
    SPYRE_TRY_ASSIGN(TokenText text,
                     TokenText::create(context.tokenizer, group->request_.prompt, params));
    group->choices_.push_back({.sampler = sample::SequenceSampler(
                                   params, group->request_.prompt, context.runner.vocab_size(),
                                   static_cast<uint32_t>(index), entropy),
                               .text = std::move(text),
                               .table = BlockTable(context.pool, context.runner),
                               .completion = {}});
    group->choices_.back().completion.index = index;
    const int64_t most_tokens = std::max<int64_t>(1, std::min(params.max_tokens, room));
    group->choices_.back().completion.token_ids.reserve(static_cast<size_t>(most_tokens));
  }
  group->best_.resize(group->choices_[0].sampler.best_capacity());
  return group;
}

int32_t SampledGroup::next_token(int64_t i) const {
  return choices_[live_[static_cast<size_t>(i)]].completion.token_ids.back();
}

void SampledGroup::start_choices() {
  for (size_t i = 0; i < choices_.size(); ++i) live_.push_back(i);
  for (size_t i = 1; i < choices_.size(); ++i) choices_[i].table = prompt_table_.fork();
  choices_[0].table = std::move(prompt_table_);
}

Status SampledGroup::choose(std::span<const float> logits) {
  size_t step = vocab();
  if (live_.empty()) {
    start_choices();
    // All of them start from the prompt's last row.
    step = 0;
  }
  size_t at = 0;
  size_t kept = 0;
  for (const size_t index : live_) {
    SPYRE_TRY_ASSIGN(const bool ended, advance(choices_[index], logits.subspan(at, vocab())));
    at += step;
    if (!ended) live_[kept++] = index;
  }
  live_.resize(kept);
  return {};
}

Result<bool> SampledGroup::advance(Choice& choice, std::span<const float> logits) {
  SPYRE_TRY_ASSIGN(const sample::Token token,
                   choice.sampler.sample(logits, best_, context_.workspace));
  Completion& completion = choice.completion;
  add_token(completion, token);
  const auto generated = static_cast<int64_t>(completion.token_ids.size());
  std::optional<sample::Finish> finish =
      sample::check_finish(request_.params, token.id,
                           {.generated = generated,
                            .total = generated + static_cast<int64_t>(request_.prompt.size()),
                            .max_model_len = context_.runner.max_model_len()});
  SPYRE_TRY(add_text(choice, token.id, finish));
  if (finish) {
    completion.finish_reason = finish->reason;
    completion.stop_reason = finish->stop_reason;
    choice.table = BlockTable(context_.pool, context_.runner);
  }
  tell(completion, finish.has_value());
  return finish.has_value();
}

void SampledGroup::add_token(Completion& completion, const sample::Token& token) const {
  completion.token_ids.push_back(token.id);
  completion.cumulative_logprob += token.logprob;
  if (!request_.params.logprobs) return;
  completion.logprobs.push_back(
      {.id = token.id,
       .logprob = token.logprob,
       .rank = token.rank,
       .top = {best_.begin(), best_.begin() + static_cast<ptrdiff_t>(token.num_best)}});
}

void SampledGroup::tell(const Completion& completion, bool finished) const {
  Delta delta{.choice = completion.index,
              .text = piece_,
              .token_ids = std::span(completion.token_ids).last(1),
              .finished = finished};
  if (request_.params.logprobs) delta.logprobs = std::span(completion.logprobs).last(1);
  if (finished) {
    delta.finish_reason = completion.finish_reason;
    delta.stop_reason = completion.stop_reason;
  }
  context_.listener->on_delta(id(), delta);
}

// A stop string found in the text is a finish of its own, before a length that was reached with it.
Status SampledGroup::add_text(Choice& choice, int32_t token,
                              std::optional<sample::Finish>& finish) {
  Completion& completion = choice.completion;
  const auto generated = static_cast<int64_t>(completion.token_ids.size());
  const bool stopped = finish && finish->reason == sample::FinishReason::kStop;
  piece_.clear();
  if (!stopped || request_.params.include_stop_str_in_output) {
    SPYRE_TRY_ASSIGN(auto hit, choice.text.push(token, generated, piece_));
    if (hit && !stopped) finish = {sample::FinishReason::kStop, std::move(*hit)};
  }
  if (finish) {
    auto hit = choice.text.flush(generated, piece_);
    if (hit && finish->reason == sample::FinishReason::kLength) {
      finish = {sample::FinishReason::kStop, std::move(*hit)};
    }
  }
  completion.text += piece_;
  return {};
}

std::vector<Completion> SampledGroup::take_completions() {
  std::vector<Completion> completions;
  for (Choice& choice : choices_) completions.push_back(std::move(choice.completion));
  return completions;
}

}  // namespace spyre::engine
