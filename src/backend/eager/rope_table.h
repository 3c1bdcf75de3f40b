// Cosines and sines of a step's positions, computed once per step and shared by all layers with the
// same frequencies.
#pragma once

#include <cstdint>
#include <span>

namespace spyre::backend {

// cosines, sines [rows, frequencies]: factor * cos(position * frequency), in f32 as the reference
// computes them (RoPE: Su et al. 2021, arXiv 2104.09864).
void fill_rope_table(std::span<const int32_t> positions, std::span<const float> frequencies,
                     float factor, float* cosines, float* sines);

}  // namespace spyre::backend
