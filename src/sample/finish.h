// Whether a sequence ends with its last token, and why. Stop strings, which need text, are the
// StopChecker's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "sample/params.h"

namespace spyre::sample {

enum class FinishReason { kStop, kLength, kAbort };

// "stop", "length", "abort": the OpenAI API's words.
std::string_view name(FinishReason reason);

// The stop token or stop string that ended a sequence; nothing for an eos token or a length.
using StopReason = std::variant<std::monostate, int32_t, std::string>;

struct Finish {
  FinishReason reason = FinishReason::kAbort;
  StopReason stop_reason = {};
};

// Token counts of a sequence, its last token included.
struct Progress {
  int64_t generated = 0;
  int64_t total = 0;  // prompt and generated
  int64_t max_model_len = 0;
};

// The end that `token`, the last of the sequence, makes: an eos token (unless ignore_eos), then a
// stop token, both only once min_tokens are there, then max_tokens or max_model_len reached.
std::optional<Finish> check_finish(const SamplingParams& params, int32_t token,
                                   const Progress& progress);

}  // namespace spyre::sample
