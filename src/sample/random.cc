#include "sample/random.h"

namespace spyre::sample {

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xd2511f53u} * counter[0];
    const uint64_t b = uint64_t{0xcd9e8d57u} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key = {key[0] + 0x9e3779b9u, key[1] + 0xbb67ae85u};
  }
  return counter;
}

double RandomStream::uniform(uint64_t index) const {
  const auto low = [](uint64_t value) { return static_cast<uint32_t>(value); };
  const auto bits =
      philox4x32({low(index), low(index >> 32), stream, 0}, {low(seed), low(seed >> 32)});
  const uint64_t both = (uint64_t{bits[1]} << 32) | bits[0];
  return static_cast<double>(both >> 11) * 0x1p-53;
}

}  // namespace spyre::sample
