#include "text/rust.h"

namespace spyre::text::rust {

namespace {

Code code(int32_t status) {
  switch (status) {
    case SPYRE_TEXT_INVALID_ARGUMENT:
      return Code::kInvalidArgument;
    case SPYRE_TEXT_UNSUPPORTED:
      return Code::kUnsupported;
    case SPYRE_TEXT_RESOURCE_EXHAUSTED:
      return Code::kResourceExhausted;
    case SPYRE_TEXT_DATA_LOSS:
      return Code::kDataLoss;
    default:
      return Code::kInternal;
  }
}

}  // namespace

SpyreTextSpan span(std::string_view bytes) {
  const char* data = bytes.empty() ? "" : bytes.data();
  return {reinterpret_cast<const uint8_t*>(data), bytes.size()};
}

std::string String::copy() const {
  if (raw_.bytes == 0) return {};
  return {reinterpret_cast<const char*>(raw_.data), raw_.bytes};
}

Status check(int32_t status, const String& message) {
  if (status == 0) return {};
  return error(code(status), "{}", message.copy());
}

}  // namespace spyre::text::rust
