// The catalogue of a graph cache: any bytes give entries or one error, and what was read is
// compared with both kinds of runs.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "plan/precompiled_catalog.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace spyre::plan;
  const std::string_view text(reinterpret_cast<const char*>(data), bytes);
  const auto catalog = parse_precompiled_catalog(text, "fuzz.json");
  if (!catalog) {
    SPYRE_CHECK(catalog.error().message.contains("fuzz.json"));
    return 0;
  }
  for (const RunShape& run :
       {RunShape{.shapes = {{64, 20, 4}, {128, 30, 1}}},
        RunShape{.tensor_parallel = 4, .max_model_len = 8192, .max_num_seqs = 32}}) {
    for (const std::string& warning : precompiled_warnings(*catalog, "m", run, "1.2")) {
      for (const char c : warning) SPYRE_CHECK(c >= ' ' && c <= '~');
    }
  }
  return 0;
}
