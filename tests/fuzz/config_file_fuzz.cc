// Bytes as the YAML file of --config: flags or one error, never an exception.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "config/config_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace spyre::config;
  const std::string_view text(reinterpret_cast<const char*>(data), bytes);
  const auto line = parse_config_file(text, "fuzz.yaml", Command::kServe);
  if (!line) SPYRE_CHECK(!line.error().message.empty());
  return 0;
}
