// What an entry of the graph cache holds, and what the compiler's process says and is told: any
// bytes give an error with a reason, or values that are written as they were read.
#include <cstddef>
#include <cstdint>
#include <string>

#include "compile/protocol.h"
#include "compile/tuning.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace spyre;
  std::string input(reinterpret_cast<const char*>(data), bytes);
  if (const auto tuning = compile::parse_tuning(input)) {
    SPYRE_CHECK(compile::parse_tuning(compile::to_text(*tuning)).value() == *tuning);
  } else {
    SPYRE_CHECK(!tuning.error().message.empty());
  }
  if (const auto request = compile::parse_request(input)) {
    const auto again = compile::parse_request(compile::to_text(*request));
    SPYRE_CHECK(again.has_value() && again->routines == request->routines);
  }
  while (true) {
    const size_t before = input.size();
    const auto answer = compile::take_answer(input);
    if (!answer || !*answer) break;
    SPYRE_CHECK(input.size() < before);
    const auto& code = (*answer)->result.code;
    SPYRE_CHECK(!code || code->entry < static_cast<int64_t>(code->bytes.size()));
  }
  return 0;
}
