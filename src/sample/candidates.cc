#include "sample/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/result.h"

namespace spyre::sample {

namespace {

// Below this the halvings would come too often.
constexpr size_t kMinSurvivors = 64;

// Leaves the first `count` of `survivors` in front, the last of them at count - 1.
void keep_best(std::span<Candidate> survivors, size_t count) {
  const auto last = survivors.begin() + static_cast<ptrdiff_t>(count - 1);
  std::nth_element(survivors.begin(), last, survivors.end(), precedes);
}

}  // namespace

std::span<Candidate> select_best(std::span<const float> logits, float floor, size_t count,
                                 std::span<Candidate> buffer) {
  SPYRE_CHECK(buffer.size() >= logits.size());
  count = std::min(count, logits.size());
  if (count == 0) return {};
  const size_t limit = std::min(logits.size(), std::max(2 * count, kMinSurvivors));
  size_t filled = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] < floor) continue;
    buffer[filled++] = {logits[i], static_cast<int32_t>(i), 0};
    if (filled < limit) continue;
    keep_best(buffer.first(filled), count);
    filled = count;
    // Ids ascend, so a later token must be larger to come before the last one kept.
    floor = std::nextafter(buffer[count - 1].logit, std::numeric_limits<float>::infinity());
  }
  if (filled > count) {
    keep_best(buffer.first(filled), count);
    filled = count;
  }
  return buffer.first(filled);
}

std::span<Candidate> gather(std::span<const float> logits, float floor, float ceiling,
                            std::span<Candidate> buffer) {
  SPYRE_CHECK(buffer.size() >= logits.size());
  size_t filled = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] < floor || logits[i] >= ceiling) continue;
    buffer[filled++] = {logits[i], static_cast<int32_t>(i), 0};
  }
  return buffer.first(filled);
}

}  // namespace spyre::sample
