// Bytes as a command line and an environment: lines up to an empty one are arguments, the rest are
// NAME=value. Whatever they are, load() answers with settings or one error.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "config/settings.h"
#include "config/warmup_shapes.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace spyre::config;
  std::vector<std::string> args;
  Environment::Variables variables;
  bool arguments_over = false;
  const std::string text(reinterpret_cast<const char*>(data), bytes);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.size(), text.find('\n', begin));
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.empty()) {
      arguments_over = true;
    } else if (!arguments_over) {
      args.push_back(line);
    } else if (const size_t equals = line.find('='); equals != std::string::npos) {
      variables.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
  }
  const auto line = parse_command_line(args);
  const auto settings = load(Environment(std::move(variables)), line ? *line : CommandLine{});
  if (!settings) {
    SPYRE_CHECK(!settings.error().message.empty());
    return 0;
  }
  static_cast<void>(settings->summary());
  static_cast<void>(warmup_shapes(*settings, ModelUse::kGenerate));
  return 0;
}
