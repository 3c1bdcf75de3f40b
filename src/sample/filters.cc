#include "sample/filters.h"

#include <algorithm>
#include <cmath>

namespace spyre::sample {

namespace {

// The logit whose weight is `ratio`.
float logit_of_weight(double ratio, float max, float temperature) {
  return static_cast<float>(max + static_cast<double>(temperature) * std::log(ratio));
}

// The smallest logit of the k likeliest tokens at or above floor.
float kth_logit(std::span<const float> logits, float floor, size_t k, Workspace& workspace) {
  const auto best = select_best(logits, floor, k, workspace.candidates());
  return std::ranges::min(best, {}, &Candidate::logit).logit;
}

// The last of the fewest candidates whose weights reach `needed`. Each round halves the set.
Cut end_of_nucleus(std::span<Candidate> candidates, double needed) {
  while (candidates.size() > 1) {
    const size_t half = candidates.size() / 2;
    std::nth_element(candidates.begin(), candidates.begin() + static_cast<ptrdiff_t>(half),
                     candidates.end(), precedes);
    double mass = 0;
    for (const Candidate& each : candidates.first(half)) mass += each.weight;
    if (mass >= needed) {
      candidates = candidates.first(half);
    } else {
      needed -= mass;
      candidates = candidates.subspan(half);
    }
  }
  return {candidates[0].logit, candidates[0].id};
}

}  // namespace

Cut find_cut(std::span<const float> logits, float max, const Filters& filters,
             Workspace& workspace) {
  Cut cut;
  if (filters.min_p > 0) {
    cut.logit = std::min(max, logit_of_weight(filters.min_p, max, filters.temperature));
  }
  const auto k = static_cast<size_t>(std::max(filters.top_k, 0));
  if (k > 0 && k < logits.size()) {
    cut.logit = std::max(cut.logit, kth_logit(logits, cut.logit, k, workspace));
  }
  if (filters.top_p >= 1) return cut;

  const Weighting weighting{.max = max, .inverse_temperature = 1 / filters.temperature, .cut = cut};
  const double total = total_weight(logits, weighting);
  // Tokens so light that all of them together stay below 1 - top_p are not needed to reach top_p.
  // Half of the bound: the sums are rounded.
  const double light =
      0.5 * (1.0 - static_cast<double>(filters.top_p)) * total / static_cast<double>(logits.size());
  const float floor = std::max(cut.logit, logit_of_weight(light, max, filters.temperature));
  const auto candidates = gather(logits, floor, workspace.candidates());
  for (Candidate& each : candidates) each.weight = weight(each.logit, each.id, weighting);
  return end_of_nucleus(candidates, static_cast<double>(filters.top_p) * total);
}

}  // namespace spyre::sample
