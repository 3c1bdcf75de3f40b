// One pass over the candidates, the most patient first; each is taken if the volume allows.
#include "schedule/pausing.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "schedule/continuous.h"

namespace spyre::schedule {

int64_t decode_tkv(const std::vector<int64_t>& computed) {
  int64_t width = 0;
  for (const int64_t tokens : computed) width = std::max(width, blocks_of(tokens + 1));
  int64_t tkv = 0;
  for (const int64_t tokens : computed) {
    const int64_t padding = width - blocks_of(tokens + 1);
    tkv = std::max(tkv, padding * kBlockTokens + tokens + 1);
  }
  return tkv;
}

std::vector<size_t> choose_decodes(const std::vector<PausingCandidate>& candidates,
                                   const PausingOptions& options) {
  const auto rank = [&](size_t index) {
    const PausingCandidate& each = candidates[index];
    return std::tuple(-each.waited, options.long_outputs ? -each.generated : each.generated, index);
  };
  std::vector<size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, rank);
  std::vector<size_t> taken;
  std::vector<int64_t> computed;
  for (const size_t index : order) {
    computed.push_back(candidates[index].computed);
    if (std::ssize(computed) * decode_tkv(computed) <= options.volume_limit) {
      taken.push_back(index);
    } else {
      computed.pop_back();
    }
  }
  std::ranges::sort(taken);
  return taken;
}

}  // namespace spyre::schedule
