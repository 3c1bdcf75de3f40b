#include "model/rope_frequencies.h"

#include <cmath>
#include <numbers>

namespace spyre::model {

namespace {

using checkpoint::RopeScaling;

void scale_llama3(const RopeScaling& scaling, std::vector<float>& frequencies) {
  const auto original = static_cast<float>(scaling.original_max_positions);
  const float low_wavelength = original / scaling.low_freq_factor;
  const float high_wavelength = original / scaling.high_freq_factor;
  for (float& frequency : frequencies) {
    const float wavelength = 2.0f * std::numbers::pi_v<float> / frequency;
    if (wavelength < high_wavelength) continue;
    const float slow = frequency / scaling.factor;
    if (wavelength > low_wavelength) {
      frequency = slow;
      continue;
    }
    const float smooth = (original / wavelength - scaling.low_freq_factor) /
                         (scaling.high_freq_factor - scaling.low_freq_factor);
    frequency = (1.0f - smooth) * slow + smooth * frequency;
  }
}

void divide(std::vector<float>& frequencies, const std::vector<float>& divisors) {
  for (size_t i = 0; i < frequencies.size(); ++i) frequencies[i] /= divisors[i];
}

// 1 / (factor * theta^(i / pairs)): one rounding less than dividing 1 / theta^(i / pairs), as
// transformers has it.
void apply_factors(std::vector<float>& frequencies, const std::vector<float>& factors,
                   float theta) {
  const auto pairs = static_cast<float>(frequencies.size());
  for (size_t i = 0; i < frequencies.size(); ++i) {
    frequencies[i] = 1.0f / (factors[i] * std::pow(theta, static_cast<float>(i) / pairs));
  }
}

}  // namespace

RopeFrequencies unscaled_frequencies(float theta, int64_t rotary_dim) {
  RopeFrequencies rope;
  for (int64_t i = 0; i < rotary_dim; i += 2) {
    const float exponent = static_cast<float>(i) / static_cast<float>(rotary_dim);
    rope.values.push_back(1.0f / std::pow(theta, exponent));
  }
  return rope;
}

int64_t rotary_dim(const checkpoint::ModelConfig& config) {
  return static_cast<int64_t>(static_cast<float>(config.head_dim) * config.partial_rotary_factor);
}

RopeFrequencies rope_frequencies(const checkpoint::ModelConfig& config, int64_t max_model_len) {
  RopeFrequencies rope = unscaled_frequencies(config.rope_theta, rotary_dim(config));
  const RopeScaling& scaling = config.rope_scaling;
  switch (scaling.kind) {
    case RopeScaling::Kind::kNone:
      break;
    case RopeScaling::Kind::kLinear:
      for (float& frequency : rope.values) frequency /= scaling.factor;
      break;
    case RopeScaling::Kind::kLlama3:
      scale_llama3(scaling, rope.values);
      break;
    case RopeScaling::Kind::kLongRope: {
      const bool is_long = max_model_len > scaling.original_max_positions;
      apply_factors(rope.values, is_long ? scaling.long_factors : scaling.short_factors,
                    config.rope_theta);
      rope.factor = scaling.attention_factor.value_or(1.0f);
      break;
    }
    case RopeScaling::Kind::kFrequencyFactors:
      divide(rope.values, scaling.long_factors);
      break;
  }
  return rope;
}

}  // namespace spyre::model
