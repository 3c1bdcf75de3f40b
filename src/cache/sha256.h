// SHA-256 of bytes in memory. It names entries and guards their content.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace spyre::cache {

using Sha256 = std::array<std::byte, 32>;

// Of all parts, one after the other.
Sha256 sha256(std::span<const std::span<const std::byte>> parts);
inline Sha256 sha256(std::span<const std::byte> bytes) { return sha256({&bytes, 1}); }

// Lower-case digits.
std::string hex(std::span<const std::byte> bytes);
// Of a text, as such digits.
inline std::string sha256_hex(std::string_view text) {
  return hex(sha256(std::as_bytes(std::span(text))));
}

}  // namespace spyre::cache
