// graph::parse on any bytes: an error, or a graph that verifies and prints to text that reads back.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "graph/graph.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto graph = spyre::graph::parse({reinterpret_cast<const char*>(data), size});
  if (!graph) return 0;
  SPYRE_CHECK(spyre::graph::verify(*graph).has_value());
  const auto back = spyre::graph::parse(spyre::graph::print(*graph));
  SPYRE_CHECK(back.has_value() && *back == *graph);
  return 0;
}
