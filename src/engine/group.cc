#include "engine/group.h"

#include <algorithm>
#include <numeric>

#include "engine/beam_group.h"
#include "engine/pooled_group.h"
#include "engine/sampled_group.h"

namespace spyre::engine {

Group::Group(GroupContext& context, RequestId id, Request request, Clock::time_point arrival)
    : context_(context),
      id_(id),
      request_(std::move(request)),
      prompt_table_(context.pool, context.runner),
      arrival_(arrival) {
  if (wants_prompt_logprobs()) prompt_logprobs_.reserve(request_.prompt.size() - 1);
}

int64_t Group::max_sequences(const Request& request) {
  if (request.pooling) return 1;
  return request.beam ? request.beam->width : request.params.n;
}

int64_t Group::max_tokens(const Request& request) {
  if (request.pooling) return 0;
  return request.beam ? request.beam->max_tokens : request.params.max_tokens;
}

int64_t Group::max_blocks(const Request& request, int64_t max_model_len) {
  const auto prompt_tokens = static_cast<int64_t>(request.prompt.size());
  const int64_t total =
      prompt_tokens + std::min(max_tokens(request), max_model_len - prompt_tokens);
  return max_sequences(request) * ((total + kernels::kKvBlockTokens - 1) / kernels::kKvBlockTokens);
}

int64_t Group::prompt_left() const {
  return std::ssize(request_.prompt) + std::ssize(generated()) - prompt_table_.tokens();
}

int32_t Group::token(int64_t position) const {
  const int64_t answer = position - std::ssize(request_.prompt);
  return answer < 0 ? request_.prompt[static_cast<size_t>(position)]
                    : generated()[static_cast<size_t>(answer)];
}

void Group::preempt() {
  prompt_table_ = BlockTable(context_.pool, context_.runner);
  drop_blocks();
  if (!first_token_) prompt_logprobs_.clear();
  ++preemptions_;
}

const BlockTable& Group::begin_prompt(int64_t first, int64_t count, std::span<const int32_t> blocks,
                                      Clock::time_point step_began) {
  if (!started_) started_ = step_began;
  if (context_.pool == nullptr) prompt_table_.follow(blocks);
  prompt_table_.skip_to(first);
  prompt_table_.append(count);
  return prompt_table_;
}

void Group::score_prompt(int64_t first, int64_t count, std::span<const float> logits) {
  const size_t top =
      sample::num_logprobs(request_.params.prompt_logprobs, context_.runner.vocab_size());
  for (int64_t i = 0; i < count; ++i) {
    const auto next = static_cast<size_t>(first + i + 1);
    if (next >= request_.prompt.size()) return;
    TokenOutput output{.id = request_.prompt[next]};
    output.top.resize(top);
    const sample::Score scored =
        sample::score(logits.subspan(static_cast<size_t>(i) * vocab(), vocab()), output.id,
                      output.top, context_.workspace);
    output.logprob = scored.token.logprob;
    output.rank = scored.token.rank;
    output.top.resize(scored.num_best);
    prompt_logprobs_.push_back(std::move(output));
  }
}

Status Group::accept(std::span<const float> logits, Observer* observer, StepReport& report) {
  const bool first = !first_token_;
  if (first) context_.listener->on_prompt(id_, prompt_logprobs_);
  gains_.tokens.assign(static_cast<size_t>(first ? max_sequences(request_) : num_live()), 1);
  gains_.drafts = {};
  SPYRE_TRY(choose(logits, gains_));
  report.generated_tokens +=
      std::accumulate(gains_.tokens.begin(), gains_.tokens.end(), int64_t{0});
  report.drafts += gains_.drafts;
  const Clock::time_point now = Clock::now();
  if (observer != nullptr) tell(*observer, now);
  if (first) first_token_ = now;
  last_token_ = now;
  return {};
}

void Group::tell(Observer& observer, Clock::time_point now) const {
  for (const int64_t tokens : gains_.tokens) {
    if (!last_token_) {
      observer.on_first_token(seconds_between(arrival_, now));
      continue;
    }
    const double each = seconds_between(*last_token_, now) / static_cast<double>(tokens);
    for (int64_t i = 0; i < tokens; ++i) observer.on_next_token(each);
  }
}

RequestOutput Group::take_output(std::optional<Error> failure) {
  RequestOutput output;
  const Clock::time_point now = Clock::now();
  if (started_) {
    output.timings.prefill_seconds = seconds_between(*started_, first_token_.value_or(now));
  }
  if (first_token_) output.timings.decode_seconds = seconds_between(*first_token_, now);
  output.prompt_logprobs = std::move(prompt_logprobs_);
  output.completions = take_completions();
  output.pooled = take_pooled();
  output.cached_tokens = cached_tokens_;
  output.error = std::move(failure);
  return output;
}

RequestReport unstarted_report(RequestId id, const Request& request, Clock::time_point arrival) {
  return {.id = id,
          .prompt_tokens = static_cast<int64_t>(request.prompt.size()),
          .max_tokens = Group::max_tokens(request),
          .n = Group::max_sequences(request),
          .finished_s = seconds_between(arrival, Clock::now())};
}

RequestReport Group::report(const RequestOutput& output) const {
  RequestReport report = unstarted_report(id_, request_, arrival_);
  const auto since_arrival = [&](const std::optional<Clock::time_point>& moment) {
    return moment ? std::optional(seconds_between(arrival_, *moment)) : std::nullopt;
  };
  report.scheduled_s = since_arrival(started_);
  report.first_token_s = since_arrival(first_token_);
  report.last_token_s = since_arrival(last_token_);
  report.interrupted_s = interrupted_s_;
  report.cached_tokens = cached_tokens_;
  report.preemptions = preemptions_;
  report.failed = output.error.has_value();
  if (!output.pooled.empty()) report.finish_reason = sample::FinishReason::kStop;
  if (!output.completions.empty()) report.finish_reason = output.completions[0].finish_reason;
  for (const Completion& each : output.completions) {
    report.generated_tokens += static_cast<int64_t>(each.token_ids.size());
    if (each.finish_reason == sample::FinishReason::kAbort)
      report.finish_reason = each.finish_reason;
  }
  return report;
}

Result<std::unique_ptr<Group>> create_group(GroupContext& context, RequestId id, Request request,
                                            Clock::time_point arrival) {
  if (request.pooling) {
    return std::make_unique<PooledGroup>(context, id, std::move(request), arrival);
  }
  if (request.beam) return BeamGroup::create(context, id, std::move(request), arrival);
  return SampledGroup::create(context, id, std::move(request), arrival);
}

}  // namespace spyre::engine
