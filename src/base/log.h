// Log lines on standard error: time, level, text. SPYRE_LOG levels follow VLLM_LOGGING_LEVEL's
// words.
#pragma once

#include <spdlog/spdlog.h>

#include <string_view>

#include "base/result.h"

namespace spyre::log {

using spdlog::debug;
using spdlog::error;
using spdlog::info;
using spdlog::warn;

// level: DEBUG, INFO, WARNING, ERROR or CRITICAL (any case). May be called again: the
// last call counts. kInvalidArgument: another word.
Status init(std::string_view level);

}  // namespace spyre::log
