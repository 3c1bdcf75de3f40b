#include "sample/logit_edits.h"

#include <algorithm>
#include <limits>

namespace spyre::sample {

namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();
constexpr float kMaxBias = 100.0f;

}  // namespace

LogitEdits::LogitEdits(const SamplingParams& params, int64_t vocab_size)
    : bad_words_(params.bad_words_token_ids),
      min_tokens_(params.min_tokens),
      bias_(params.logit_bias) {
  if (params.allowed_token_ids) allowed_.emplace(*params.allowed_token_ids, vocab_size);

  for (const std::vector<int32_t>& word : bad_words_) {
    max_recent_ = std::max(max_recent_, word.size() - 1);
  }
  recent_.reserve(max_recent_);

  if (min_tokens_ > 0) {
    ends_ = params.stop_token_ids;
    ends_.insert(ends_.end(), params.eos_token_ids.begin(), params.eos_token_ids.end());
    std::erase_if(ends_, [&](int32_t id) { return id < 0 || id >= vocab_size; });
  }
  for (auto& [id, bias] : bias_) bias = std::clamp(bias, -kMaxBias, kMaxBias);
}

bool LogitEdits::any(int64_t generated) const {
  return allowed_ || !bad_words_.empty() || !bias_.empty() ||
         (generated < min_tokens_ && !ends_.empty());
}

void LogitEdits::apply(std::span<float> logits, int64_t generated) const {
  if (allowed_) apply_mask(allowed_->words(), logits);
  mask_bad_words(logits);
  if (generated < min_tokens_) {
    for (const int32_t id : ends_) logits[static_cast<size_t>(id)] = kMasked;
  }
  for (const auto& [id, bias] : bias_) logits[static_cast<size_t>(id)] += bias;
}

// A word's last token is masked when the output ends in the tokens before it.
void LogitEdits::mask_bad_words(std::span<float> logits) const {
  for (const std::vector<int32_t>& word : bad_words_) {
    const std::span<const int32_t> before = std::span(word).first(word.size() - 1);
    if (before.size() > recent_.size()) continue;
    if (std::ranges::equal(before, std::span(recent_).last(before.size()))) {
      logits[static_cast<size_t>(word.back())] = kMasked;
    }
  }
}

void LogitEdits::append(int32_t token) {
  if (max_recent_ == 0) return;
  // A bad word has a handful of tokens: moving them is as cheap as a ring.
  if (recent_.size() == max_recent_) recent_.erase(recent_.begin());
  recent_.push_back(token);
}

}  // namespace spyre::sample
