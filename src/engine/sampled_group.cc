#include "engine/sampled_group.h"

#include <algorithm>
#include <random>

namespace spyre::engine {

Result<std::unique_ptr<Group>> SampledGroup::create(GroupContext& context, RequestId id,
                                                    Request request) {
  std::unique_ptr<SampledGroup> group(new SampledGroup(context, id, std::move(request)));
  const sample::SamplingParams& params = group->request_.params;
  // Used only by requests without a seed.
  std::random_device device;
  const uint64_t entropy = (uint64_t{device()} << 32) | device();
  for (int32_t index = 0; index < params.n; ++index) {
    SPYRE_TRY_ASSIGN(TokenText text,
                     TokenText::create(context.tokenizer, group->request_.prompt, params));
    group->choices_.push_back({.sampler = sample::SequenceSampler(
                                   params, group->request_.prompt, context.runner.vocab_size(),
                                   static_cast<uint32_t>(index), entropy),
                               .text = std::move(text),
                               .table = BlockTable(context.pool, context.runner),
                               .completion = {}});
    group->choices_.back().completion.index = index;
    group->choices_.back().completion.token_ids.reserve(static_cast<size_t>(params.max_tokens));
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
  completion.token_ids.push_back(token.id);
  completion.cumulative_logprob += token.logprob;
  if (request_.params.logprobs) {
    completion.logprobs.push_back(
        {.id = token.id,
         .logprob = token.logprob,
         .rank = token.rank,
         .top = {best_.begin(), best_.begin() + static_cast<ptrdiff_t>(token.num_best)}});
  }
  const auto generated = static_cast<int64_t>(completion.token_ids.size());
  std::optional<sample::Finish> finish =
      sample::check_finish(request_.params, token.id,
                           {.generated = generated,
                            .total = generated + static_cast<int64_t>(request_.prompt.size()),
                            .max_model_len = context_.runner.max_model_len()});
  SPYRE_TRY(add_text(choice, token.id, finish));
  if (!finish) return false;
  completion.finish_reason = finish->reason;
  completion.stop_reason = finish->stop_reason;
  choice.table = BlockTable(context_.pool, context_.runner);
  return true;
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
  if (piece_.empty()) return {};
  completion.text += piece_;
  context_.listener->on_text(id(), completion.index, piece_);
  return {};
}

std::vector<Completion> SampledGroup::take_completions() {
  std::vector<Completion> completions;
  for (Choice& choice : choices_) completions.push_back(std::move(choice.completion));
  return completions;
}

}  // namespace spyre::engine
