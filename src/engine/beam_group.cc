#include "engine/beam_group.h"

#include <algorithm>

#include "sample/softmax.h"
#include "text/incremental_decoder.h"

namespace spyre::engine {

BeamGroup::BeamGroup(GroupContext& context, RequestId id, Request request,
                     Clock::time_point arrival)
    : Group(context, id, std::move(request), arrival),
      search_(*request_.beam, request_.params.eos_token_ids,
              static_cast<int64_t>(request_.prompt.size()), context.runner.vocab_size()) {}

Result<std::unique_ptr<Group>> BeamGroup::create(GroupContext& context, RequestId id,
                                                 Request request, Clock::time_point arrival) {
  const int64_t room = context.runner.max_model_len() - static_cast<int64_t>(request.prompt.size());
  request.beam->max_tokens = std::min(request.beam->max_tokens, room);
  return std::unique_ptr<Group>(new BeamGroup(context, id, std::move(request), arrival));
}

Status BeamGroup::choose(std::span<const float> logits, Gains&) {
  const size_t each = search_.candidates_per_beam();
  const size_t rows = logits.size() / vocab();
  candidates_.resize(rows * each);
  for (size_t row = 0; row < rows; ++row) {
    const auto scores = logits.subspan(row * vocab(), vocab());
    sample::score_best(scores, std::span(candidates_).subspan(row * each, each),
                       sample::log_sum_exp(scores), context_.workspace);
  }
  SPYRE_TRY(search_.step(candidates_));
  std::vector<BlockTable> parents = std::move(tables_);
  if (parents.empty()) parents.push_back(std::move(prompt_table_));
  tables_ = fork_tables(std::move(parents));
  if (search_.finished()) tell_all();
  return {};
}

// Answers are chosen among all beams at the end, so there is nothing to tell before.
void BeamGroup::tell_all() {
  for (const Completion& each : take_completions()) {
    context_.listener->on_delta(id(), {.choice = each.index,
                                       .text = each.text,
                                       .token_ids = each.token_ids,
                                       .logprobs = each.logprobs,
                                       .finished = true,
                                       .finish_reason = each.finish_reason,
                                       .stop_reason = each.stop_reason});
  }
}

// Parents that no beam continues go first: their blocks are those that the forks take. The last
// beam that continues a parent takes its table over; the others before it copy.
std::vector<BlockTable> BeamGroup::fork_tables(std::vector<BlockTable> parents) const {
  const std::span<const sample::Beam> live = search_.live();
  for (size_t i = 0; i < parents.size(); ++i) {
    const bool continued = std::ranges::any_of(
        live, [i](const sample::Beam& beam) { return static_cast<size_t>(beam.parent) == i; });
    if (!continued) parents[i] = BlockTable(context_.pool, context_.runner);
  }
  std::vector<BlockTable> tables;
  tables.reserve(live.size());
  for (size_t i = 0; i < live.size(); ++i) {
    BlockTable& parent = parents[static_cast<size_t>(live[i].parent)];
    const bool last = std::ranges::none_of(live.subspan(i + 1), [&](const sample::Beam& beam) {
      return beam.parent == live[i].parent;
    });
    tables.push_back(last ? std::move(parent) : parent.fork());
  }
  return tables;
}

Completion BeamGroup::completion(int32_t index, const sample::Hypothesis& hypothesis) const {
  Completion result{.index = index,
                    .finish_reason = hypothesis.reason,
                    .cumulative_logprob = hypothesis.cumulative_logprob};
  for (const sample::TokenLogprob& token : hypothesis.tokens) {
    result.token_ids.push_back(token.id);
    if (request_.params.logprobs) {
      result.logprobs.push_back({.id = token.id, .logprob = token.logprob, .rank = token.rank});
    }
  }
  // The ids come from the model; one that the tokenizer does not know has no text.
  result.text = text_of(result.token_ids).value_or(std::string());
  return result;
}

Result<std::string> BeamGroup::text_of(std::span<const int32_t> ids) const {
  const sample::SamplingParams& params = request_.params;
  if (params.shown_special_tokens.empty()) {
    return context_.tokenizer.decode(ids, params.skip_special_tokens);
  }
  SPYRE_TRY_ASSIGN(auto decoder,
                   text::IncrementalDecoder::create(context_.tokenizer, params.skip_special_tokens,
                                                    {}, params.shown_special_tokens));
  std::string text;
  for (const int32_t id : ids) {
    SPYRE_TRY_ASSIGN(const std::string piece, decoder.push(id));
    text += piece;
  }
  return text + decoder.flush();
}

std::vector<Completion> BeamGroup::take_completions() {
  std::vector<Completion> completions;
  for (const sample::Hypothesis& each : search_.best()) {
    completions.push_back(completion(static_cast<int32_t>(completions.size()), each));
    if (!search_.finished()) completions.back().finish_reason = sample::FinishReason::kAbort;
  }
  return completions;
}

}  // namespace spyre::engine
