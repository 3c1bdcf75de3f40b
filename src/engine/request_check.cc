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

}  // namespace

Status check_request(const Request& request, const sample::SamplingLimits& limits) {
  SPYRE_TRY(check_prompt(request.prompt, limits.vocab_size));
  SPYRE_TRY(sample::validate(request.params, limits));
  if (!request.beam) return {};
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
