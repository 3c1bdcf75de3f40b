#include "base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <string>
#include <utility>

namespace spyre::log {

Status init(std::string_view level) {
  std::string upper(level);
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return std::toupper(c); });
  constexpr std::pair<std::string_view, spdlog::level::level_enum> kLevels[] = {
      {"DEBUG", spdlog::level::debug},       {"INFO", spdlog::level::info},
      {"WARNING", spdlog::level::warn},      {"ERROR", spdlog::level::err},
      {"CRITICAL", spdlog::level::critical},
  };
  for (const auto& [word, value] : kLevels) {
    if (upper != word) continue;
    // Not by spdlog's own factory: it refuses a name that it knows already.
    auto logger = std::make_shared<spdlog::logger>(
        "spyre", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    logger->set_pattern("%m-%d %H:%M:%S %^%l%$ %v");
    logger->set_level(value);
    spdlog::set_default_logger(std::move(logger));
    return {};
  }
  return error(Code::kInvalidArgument,
               "VLLM_LOGGING_LEVEL: wanted DEBUG, INFO, WARNING, ERROR or CRITICAL, found '{}'",
               level);
}

}  // namespace spyre::log
