#include "engine/request_check.h"

#include <algorithm>

#include "engine/group.h"

namespace spyre::engine {

namespace {

// No sequence is that long; sums of such numbers stay far from overflow.
constexpr int64_t kMostTokens = int64_t{1} << 40;

Status check_prompt(const std::vector<int32_t>& prompt, int64_t vocab_size) {
  if (prompt.empty()) return error(Code::kInvalidArgument, "prompt: wanted at least one token");
  for (size_t i = 0; i < prompt.size(); ++i) {
    if (prompt[i] < 0 || prompt[i] >= vocab_size) {
      return error(Code::kInvalidArgument, "prompt token {}: wanted an id of 0 to {}, found {}", i,
                   vocab_size - 1, prompt[i]);
    }
  }
  return {};
}

Status check_pooling(const Request& request, int64_t num_token_types) {
  const std::vector<int32_t>& types = request.pooling->token_types;
  if (!types.empty() && types.size() != request.prompt.size()) {
    return error(Code::kInvalidArgument, "token types: wanted one for each of {} tokens, found {}",
                 request.prompt.size(), types.size());
  }
  for (const int32_t type : types) {
    if (type >= 0 && type < std::max<int64_t>(1, num_token_types)) continue;
    return error(Code::kInvalidArgument, "token types: wanted 0 to {}, found {}",
                 std::max<int64_t>(1, num_token_types) - 1, type);
  }
  return {};
}

}  // namespace

Status check_request(const Request& request, const RequestLimits& all) {
  const sample::SamplingLimits& limits = all.sampling;
  SPYRE_TRY(check_prompt(request.prompt, limits.vocab_size));
  if (request.pooling.has_value() != all.pools) {
    return error(
        Code::kInvalidArgument, "the model gives {}",
        all.pools ? "vectors (embeddings, scores or classes), no text" : "text, no vectors");
  }
  if (request.pooling) return check_pooling(request, all.num_token_types);
  SPYRE_TRY(sample::validate(request.params, limits));
  if (!request.beam) return {};
  if (request.grammar) {
    return error(Code::kInvalidArgument,
                 "use_beam_search: not available with structured outputs; leave out one of them");
  }
  return sample::validate(*request.beam, limits);
}

schedule::Demand demand_of(RequestId id, const Request& request) {
  return {.id = id,
          .prompt_tokens = static_cast<int64_t>(request.prompt.size()),
          .max_tokens = std::min(Group::max_tokens(request), kMostTokens),
          .sequences = Group::max_sequences(request),
          .beams = request.beam.has_value(),
          .priority = request.priority};
}

}  // namespace spyre::engine
