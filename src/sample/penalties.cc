#include "sample/penalties.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace spyre::sample {

namespace {
constexpr int32_t kEmpty = -1;
}  // namespace

Penalties::Penalties(const SamplingParams& params, std::span<const int32_t> prompt,
                     int64_t vocab_size)
    : active_(params.repetition_penalty != 1.0f || params.frequency_penalty != 0.0f ||
              params.presence_penalty != 0.0f),
      repetition_(params.repetition_penalty),
      frequency_(params.frequency_penalty),
      presence_(params.presence_penalty) {
  if (!active_) return;
  const auto prompt_tokens = static_cast<int64_t>(prompt.size());
  const int64_t output_tokens = std::min(params.max_tokens, vocab_size);
  resize_slots(static_cast<size_t>(std::min(prompt_tokens + output_tokens, vocab_size)));
  for (const int32_t id : prompt) {
    if (id >= 0 && id < vocab_size) seen(id);
  }
}

void Penalties::apply(std::span<float> logits) const {
  constexpr float kLargest = std::numeric_limits<float>::max();
  for (const Seen& each : seen_) {
    float& logit = logits[static_cast<size_t>(each.id)];
    if (std::isinf(logit)) continue;
    float value = logit > 0 ? logit / repetition_ : logit * repetition_;
    if (each.output_count > 0) {
      value -= frequency_ * static_cast<float>(each.output_count) + presence_;
    }
    logit = std::clamp(value, -kLargest, kLargest);
  }
}

void Penalties::append(int32_t token) {
  if (active_) ++seen(token).output_count;
}

Penalties::Seen& Penalties::seen(int32_t id) {
  size_t slot = slot_of(id);
  if (slots_[slot] == kEmpty) {
    if (2 * (seen_.size() + 1) > slots_.size()) {
      resize_slots(2 * seen_.size());
      slot = slot_of(id);
    }
    slots_[slot] = static_cast<int32_t>(seen_.size());
    seen_.push_back({.id = id, .output_count = 0});
  }
  return seen_[static_cast<size_t>(slots_[slot])];
}

// The slot that holds the token, or the empty one where it belongs. Neighbouring ids are spread by
// a multiplication with 2^32 / golden ratio (Knuth, volume 3, section 6.4).
size_t Penalties::slot_of(int32_t id) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = (static_cast<uint32_t>(id) * 2654435769u) >> 7 & mask;
  while (slots_[slot] != kEmpty && seen_[static_cast<size_t>(slots_[slot])].id != id) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

void Penalties::resize_slots(size_t capacity) {
  seen_.reserve(capacity);
  slots_.assign(std::bit_ceil(2 * capacity + 2), kEmpty);
  for (size_t i = 0; i < seen_.size(); ++i) {
    slots_[slot_of(seen_[i].id)] = static_cast<int32_t>(i);
  }
}

}  // namespace spyre::sample
