#include "engine/group.h"

#include <algorithm>

#include "engine/beam_group.h"
#include "engine/sampled_group.h"

namespace spyre::engine {

namespace {

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

Group::Group(GroupContext& context, RequestId id, Request request)
    : context_(context),
      id_(id),
      request_(std::move(request)),
      prompt_table_(context.pool, context.runner) {
  if (wants_prompt_logprobs()) prompt_logprobs_.reserve(request_.prompt.size() - 1);
}

int64_t Group::max_sequences(const Request& request) {
  return request.beam ? request.beam->width : request.params.n;
}

int64_t Group::max_blocks(const Request& request, int64_t max_model_len) {
  const int64_t total = std::min(
      static_cast<int64_t>(request.prompt.size()) + request.params.max_tokens, max_model_len);
  const int64_t each = (total + kernels::kKvBlockTokens - 1) / kernels::kKvBlockTokens;
  // New beams are forked, a block each, before their parents end.
  return max_sequences(request) * (each + (request.beam ? 1 : 0));
}

int64_t Group::prompt_left() const {
  return static_cast<int64_t>(request_.prompt.size()) - prompt_table_.tokens();
}

const BlockTable& Group::begin_prompt(int64_t count) {
  if (!started_) started_ = Clock::now();
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

Status Group::accept(std::span<const float> logits) {
  const bool first = !first_token_;
  Status status = choose(logits);
  if (first) first_token_ = Clock::now();
  return status;
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
  output.error = std::move(failure);
  return output;
}

Result<std::unique_ptr<Group>> create_group(GroupContext& context, RequestId id, Request request) {
  if (request.beam) return BeamGroup::create(context, id, std::move(request));
  return SampledGroup::create(context, id, std::move(request));
}

}  // namespace spyre::engine
