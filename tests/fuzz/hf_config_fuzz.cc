// Any bytes as each of the JSON files of a model folder.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/json.h"
#include "checkpoint/grouped.h"
#include "checkpoint/hf_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spyre::checkpoint;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = spyre::parse_json(text, "fuzz");
  if (!json) return 0;
  (void)read_model_config(*json, "fuzz");
  (void)read_generation_config(*json, "fuzz");
  (void)read_quantization_config(*json, "fuzz");
  return 0;
}
