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
  std::optional<Drafter> drafter;
  if (group->is_speculated()) {
    drafter.emplace(*context.speculation);
    drafter->append(group->request_.prompt);
  }
  for (int32_t index = first; index < first + params.n; ++index) {
    SPYRE_TRY_ASSIGN(TokenText text,
                     TokenText::create(context.tokenizer, group->request_.prompt, params));
    group->choices_.push_back({.sampler = sample::SequenceSampler(
                                   params, group->request_.prompt, context.runner.vocab_size(),
                                   static_cast<uint32_t>(index), entropy),
                               .text = std::move(text),
                               .table = BlockTable(context.pool, context.runner),
                               .completion = {},
                               .drafter = drafter});
    group->choices_.back().completion.index = index;
    const int64_t most_tokens = std::max<int64_t>(1, std::min(params.max_tokens, room));
    group->choices_.back().completion.token_ids.reserve(static_cast<size_t>(most_tokens));
  }
  group->best_.resize(group->choices_[0].sampler.best_capacity());
  return group;
}

// Who asks for the log-probabilities of the prompt wants it scored, not an answer.
bool SampledGroup::is_speculated() const {
  return context_.speculation.has_value() && !wants_prompt_logprobs();
}

int32_t SampledGroup::next_token(int64_t i) const {
  return choices_[live_[static_cast<size_t>(i)]].completion.token_ids.back();
}

std::span<const int32_t> SampledGroup::draft(int64_t i, const DraftTerms& terms) {
  Choice& choice = live_choice(i);
  if (!choice.drafter) return {};
  const auto generated = static_cast<int64_t>(choice.completion.token_ids.size());
  const int64_t total = generated + static_cast<int64_t>(request_.prompt.size());
  // The step gives one token beyond the draft, and the answer's last token never is an input.
  const int64_t left =
      std::min(request_.params.max_tokens - generated, context_.runner.max_model_len() - total) - 1;
  choice.drafter->propose(
      {.most_tokens = std::min(terms.most_tokens, left), .sequences = terms.sequences});
  return choice.draft();
}

int64_t SampledGroup::num_rows() const {
  int64_t rows = num_live();
  for (const size_t index : live_) rows += std::ssize(choices_[index].draft());
  return rows;
}

// The last token of an answer waits for its row.
int64_t SampledGroup::longest() const {
  size_t tokens = 1;
  for (const Choice& each : choices_) tokens = std::max(tokens, each.completion.token_ids.size());
  return std::ssize(request_.prompt) + static_cast<int64_t>(tokens) - 1;
}

void SampledGroup::start_choices() {
  for (size_t i = 0; i < choices_.size(); ++i) live_.push_back(i);
  for (size_t i = 1; i < choices_.size(); ++i) choices_[i].table = prompt_table_.fork();
  choices_[0].table = std::move(prompt_table_);
}

void SampledGroup::drop_blocks() {
  for (const size_t index : live_) {
    choices_[index].table = BlockTable(context_.pool, context_.runner);
  }
}

Status SampledGroup::choose(std::span<const float> logits, Gains& gains) {
  const bool first = live_.empty();
  if (first) start_choices();
  // Computed again after a preemption.
  if (prompt_table_.tokens() > 0) live_choice(0).table = std::move(prompt_table_);
  size_t at = 0;
  size_t kept = 0;
  for (size_t i = 0; i < live_.size(); ++i) {
    Choice& choice = choices_[live_[i]];
    const size_t values = (1 + choice.draft().size()) * vocab();
    SPYRE_TRY_ASSIGN(const bool ended,
                     take(choice, logits.subspan(at, values), gains.tokens[i], gains.drafts));
    // All of them start from the prompt's last row.
    if (!first) at += values;
    if (!ended) live_[kept++] = live_[i];
  }
  live_.resize(kept);
  return {};
}

// A row is of use when all tokens before it are those that were drafted: its logits are then what
// they would be without a draft, and the sampler has seen the same tokens.
Result<bool> SampledGroup::take(Choice& choice, std::span<const float> logits, int64_t& tokens,
                                DraftCounts& drafts) {
  const std::span<const int32_t> draft = choice.draft();
  size_t accepted = 0;
  bool ended = false;
  for (size_t row = 0; row <= accepted; ++row) {
    SPYRE_TRY_ASSIGN(ended, advance(choice, logits.subspan(row * vocab(), vocab())));
    const bool agrees = row < draft.size() && choice.completion.token_ids.back() == draft[row];
    if (agrees) ++accepted;
    tokens = static_cast<int64_t>(row) + 1;
    if (ended) break;
  }
  if (!choice.drafter) return ended;
  if (!ended) {
    // Keys and values of refused tokens lie behind the sequence's end: no row looks there before
    // the tokens that take these positions have written theirs.
    choice.table.drop(std::ssize(draft) + 1 - tokens);
    choice.drafter->append(
        std::span(choice.completion.token_ids).last(static_cast<size_t>(tokens)));
  }
  if (!draft.empty()) drafts.add(draft.size(), accepted);
  choice.drafter->judge(accepted);
  return ended;
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
              .finished = finished,
              .cached_tokens = cached_tokens()};
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
  completions.reserve(choices_.size());
  for (Choice& choice : choices_) completions.push_back(std::move(choice.completion));
  return completions;
}

}  // namespace spyre::engine
