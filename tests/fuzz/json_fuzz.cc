// Any bytes are JSON or an error whose message a JSON response can carry; what was parsed can be
// printed and parsed again to the same.
#include "base/json.h"
#include "base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = spyre::parse_json(text, "fuzz");
  if (!json) {
    static_cast<void>(spyre::Json(json.error().message).dump());
    return 0;
  }
  const auto again = spyre::parse_json(json->dump(), "again");
  SPYRE_CHECK(again && *again == *json);
  return 0;
}
