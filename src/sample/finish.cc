#include "sample/finish.h"

#include <algorithm>

namespace spyre::sample {

std::string_view name(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kAbort:
      return "abort";
  }
  return "abort";
}

std::optional<Finish> check_finish(const SamplingParams& params, int32_t token,
                                   const Progress& progress) {
  const auto holds = [token](const std::vector<int32_t>& ids) {
    return std::ranges::find(ids, token) != ids.end();
  };
  if (progress.generated >= params.min_tokens) {
    if (!params.ignore_eos && holds(params.eos_token_ids)) return Finish{FinishReason::kStop, {}};
    if (holds(params.stop_token_ids)) return Finish{FinishReason::kStop, token};
  }
  if (progress.generated >= params.max_tokens || progress.total >= progress.max_model_len) {
    return Finish{FinishReason::kLength, {}};
  }
  return std::nullopt;
}

}  // namespace spyre::sample
