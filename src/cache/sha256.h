// SHA-256 of bytes in memory. It names entries and guards their content.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace spyre::cache {

using Sha256 = std::array<std::byte, 32>;

// Of all parts, one after the other.
Sha256 sha256(std::span<const std::span<const std::byte>> parts);
inline Sha256 sha256(std::span<const std::byte> bytes) { return sha256({&bytes, 1}); }

// Lower-case digits.
std::string hex(std::span<const std::byte> bytes);

}  // namespace spyre::cache
