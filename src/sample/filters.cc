#include "sample/filters.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace spyre::sample {

namespace {

constexpr size_t kFewCandidates = 256;
constexpr int kBracketPasses = 8;

// The logit whose weight is `ratio`.
float logit_of_weight(double ratio, const Weighting& weighting) {
  return static_cast<float>(weighting.max + std::log(ratio) / weighting.inverse_temperature);
}

std::span<Candidate> weigh(std::span<Candidate> candidates, const Weighting& weighting) {
  for (Candidate& each : candidates) each.weight = weight(each.logit, each.id, weighting);
  return candidates;
}

double mass_of(std::span<const Candidate> candidates) {
  double mass = 0;
  for (const Candidate& each : candidates) mass += each.weight;
  return mass;
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
    const double mass = mass_of(candidates.first(half));
    if (mass >= needed) {
      candidates = candidates.first(half);
    } else {
      needed -= mass;
      candidates = candidates.subspan(half);
    }
  }
  return {candidates[0].logit, candidates[0].id};
}

// A nucleus of many tokens: its last logit is bracketed by sums over the row, which cost less than
// moving candidates, and only the tokens inside the bracket are looked at one by one.
Cut wide_nucleus(std::span<const float> logits, Weighting weighting, double needed, double light,
                 Workspace& workspace) {
  // Always: tokens at or above low reach what is needed, those at or above high only `above`.
  float low = std::max(weighting.cut.logit, logit_of_weight(light, weighting));
  float high = std::nextafter(weighting.max, std::numeric_limits<float>::infinity());
  double above = 0;
  for (int pass = 0; pass < kBracketPasses; ++pass) {
    const float middle = low + (high - low) / 2;
    if (!(middle > low && middle < high)) break;
    weighting.cut.logit = middle;
    const double mass = total_weight(logits, weighting);
    if (mass >= needed) {
      low = middle;
    } else {
      high = middle;
      above = mass;
    }
  }
  const auto candidates = gather(logits, low, high, workspace.candidates());
  weighting.cut.logit = low;
  return end_of_nucleus(weigh(candidates, weighting), needed - above);
}

Cut nucleus(std::span<const float> logits, const Weighting& weighting, double top_p,
            Workspace& workspace) {
  const double total = total_weight(logits, weighting);
  const double needed = top_p * total;
  // Of a sharp distribution the likeliest few are enough.
  const auto few = weigh(
      select_best(logits, weighting.cut.logit, kFewCandidates, workspace.candidates()), weighting);
  if (few.size() < kFewCandidates || mass_of(few) >= needed) return end_of_nucleus(few, needed);
  // Tokens so light that all of them together stay below 1 - top_p are not needed to reach top_p.
  // Half of the bound: the sums are rounded.
  const double light = 0.5 * (1.0 - top_p) * total / static_cast<double>(logits.size());
  return wide_nucleus(logits, weighting, needed, light, workspace);
}

}  // namespace

Cut find_cut(std::span<const float> logits, float max, const Filters& filters,
             Workspace& workspace) {
  Weighting weighting{.max = max, .inverse_temperature = 1 / filters.temperature};
  float& floor = weighting.cut.logit;
  if (filters.min_p > 0) floor = std::min(max, logit_of_weight(filters.min_p, weighting));
  const auto k = static_cast<size_t>(std::max(filters.top_k, 0));
  if (k > 0 && k < logits.size()) {
    floor = std::max(floor, kth_logit(logits, floor, k, workspace));
  }
  if (filters.top_p >= 1) return weighting.cut;
  return nucleus(logits, weighting, filters.top_p, workspace);
}

}  // namespace spyre::sample
