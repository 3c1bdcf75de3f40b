#include "sample/stop_checker.h"

#include <algorithm>

namespace spyre::sample {

namespace {

// Bytes at the end of `text` that begin a UTF-8 character without completing it. Bytes that are no
// UTF-8 at all are not waited for.
size_t open_character_bytes(std::string_view text) {
  const size_t most = std::min<size_t>(3, text.size());
  for (size_t count = 1; count <= most; ++count) {
    const auto byte = static_cast<unsigned char>(text[text.size() - count]);
    if ((byte & 0xc0u) == 0x80u) continue;
    const size_t wanted = byte >= 0xf0u ? 4 : byte >= 0xe0u ? 3 : byte >= 0xc0u ? 2 : 1;
    return wanted > count ? count : 0;
  }
  return 0;
}

// Length of the longest end of `text` that is a beginning of `stop`, but not all of it.
size_t shared_bytes(std::string_view text, std::string_view stop) {
  for (size_t count = std::min(text.size(), stop.size() - 1); count > 0; --count) {
    if (stop.starts_with(text.substr(text.size() - count))) return count;
  }
  return 0;
}

}  // namespace

StopChecker::StopChecker(const SamplingParams& params)
    : stops_(params.stop),
      include_stop_(params.include_stop_str_in_output),
      min_tokens_(params.min_tokens) {}

std::optional<std::string_view> StopChecker::push(std::string_view piece, int64_t generated_tokens,
                                                  std::string& out) {
  if (stopped_) return std::nullopt;
  const size_t checked = pending_.size();
  pending_ += piece;
  if (generated_tokens > min_tokens_) {
    if (const auto hit = find_hit(checked)) {
      out.append(pending_, 0, include_stop_ ? hit->end : hit->begin);
      pending_.clear();
      stopped_ = true;
      return stops_[hit->stop];
    }
  }
  const size_t certain = pending_.size() - uncertain_bytes();
  out.append(pending_, 0, certain);
  pending_.erase(0, certain);
  return std::nullopt;
}

void StopChecker::flush(std::string& out) {
  out += pending_;
  pending_.clear();
}

// The stop string whose end comes first after the `checked` bytes.
std::optional<StopChecker::Hit> StopChecker::find_hit(size_t checked) const {
  std::optional<Hit> first;
  for (size_t i = 0; i < stops_.size(); ++i) {
    const std::string& stop = stops_[i];
    const size_t from = checked + 1 > stop.size() ? checked + 1 - stop.size() : 0;
    const size_t begin = pending_.find(stop, from);
    if (begin == std::string::npos) continue;
    const size_t end = begin + stop.size();
    if (!first || end < first->end) first = Hit{.stop = i, .begin = begin, .end = end};
  }
  return first;
}

size_t StopChecker::uncertain_bytes() const {
  size_t bytes = open_character_bytes(pending_);
  for (const std::string& stop : stops_) bytes = std::max(bytes, shared_bytes(pending_, stop));
  return bytes;
}

}  // namespace spyre::sample
