// The trace of a replay: any bytes give an error that names a line, or requests whose numbers are
// in range, and those can be replayed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/replay.h"
#include "schedule/static_batching.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace spyre;
  const std::string_view text(reinterpret_cast<const char*>(data), bytes);
  auto trace = engine::parse_trace(text);
  if (!trace) {
    SPYRE_CHECK(trace.error().message.starts_with("line "));
    return 0;
  }
  for (auto& request : *trace) {
    SPYRE_CHECK(!request.id.empty() && request.prompt_tokens >= 1 && request.arrival_step >= 0);
    SPYRE_CHECK(request.max_tokens.value_or(1) >= 1 && request.n >= 1);
    // Every step until then is a row.
    request.arrival_step %= 64;
  }
  std::ranges::sort(*trace, {}, &engine::TraceRequest::arrival_step);
  const auto target = engine::schedule_only_target(
      schedule::StaticBatching::create({.shapes = {{64, 8, 1}, {128, 4, 3}}}).value());
  const auto status =
      engine::replay(*trace, *target, [](const Json& line) { line.dump(); }, [] { return false; });
  SPYRE_CHECK(status.has_value());
  return 0;
}
