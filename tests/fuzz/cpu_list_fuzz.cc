// Any bytes are a list of usable CPUs or an error.
#include <algorithm>
#include <cstdint>

#include "base/cpu_list.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::vector<int> usable = {0, 1, 2, 3, 5, 8, 1000};
  const auto cpus = spyre::parse_cpu_list(text, usable, 2);
  if (!cpus) return 0;
  SPYRE_CHECK(!cpus->empty() && cpus->size() <= usable.size());
  for (const int cpu : *cpus) {
    SPYRE_CHECK(cpu == -1 || std::ranges::find(usable, cpu) != usable.end());
  }
  return 0;
}
