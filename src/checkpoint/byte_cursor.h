// Reads little-endian numbers and texts out of a span, front to back. Reading past the end gives
// zeros and sets failed() for good: a parser checks once per record instead of once per field, and
// can never leave the span.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace spyre::checkpoint {

class ByteCursor {
 public:
  explicit ByteCursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  T number() {
    T value{};
    const auto from = take(sizeof(T));
    if (!from.empty()) std::memcpy(&value, from.data(), sizeof(T));
    return value;
  }

  // Borrows from the span.
  std::string_view text(uint64_t length) {
    const auto from = take(length);
    return {reinterpret_cast<const char*>(from.data()), from.size()};
  }

  bool failed() const { return failed_; }
  size_t position() const { return position_; }
  size_t remaining() const { return bytes_.size() - position_; }

 private:
  std::span<const std::byte> take(uint64_t length) {
    failed_ = failed_ || length > remaining();
    if (failed_) return {};
    const auto taken = bytes_.subspan(position_, static_cast<size_t>(length));
    position_ += taken.size();
    return taken;
  }

  std::span<const std::byte> bytes_;
  size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace spyre::checkpoint
