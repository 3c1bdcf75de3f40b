// Random numbers without a state: the i-th number of a stream is a function of seed, stream and i,
// so a sequence draws the same whatever runs beside it, and a copy of it goes on alike.
#pragma once

#include <array>
#include <cstdint>

namespace spyre::sample {

// Philox4x32-10: ten rounds of multiply and mix. Salmon et al., "Parallel Random Numbers: As Easy
// as 1, 2, 3", SC 2011, whose known answers the test holds.
std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

struct RandomStream {
  uint64_t seed = 0;
  uint32_t stream = 0;  // the choice among n: the streams of one seed never meet

  // Uniform in [0, 1), 53 bits.
  double uniform(uint64_t index) const;
};

}  // namespace spyre::sample
