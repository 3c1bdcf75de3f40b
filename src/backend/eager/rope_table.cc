#include "backend/eager/rope_table.h"

#include <cmath>

namespace spyre::backend {

void fill_rope_table(std::span<const int32_t> positions, std::span<const float> frequencies,
                     float factor, float* cosines, float* sines) {
  for (const int32_t position : positions) {
    for (const float frequency : frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      *cosines++ = std::cos(angle) * factor;
      *sines++ = std::sin(angle) * factor;
    }
  }
}

}  // namespace spyre::backend
