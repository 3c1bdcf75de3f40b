// Choosing some of the vocabulary without sorting all of it. A candidate is a token taken out of
// its row; what it is chosen for (a list of likeliest tokens, a filter) is not known here.
#pragma once

#include <cstdint>
#include <span>

namespace spyre::sample {

struct Candidate {
  float logit;
  int32_t id;
  float weight;  // set by who needs it
};

// The order of a Cut: larger logit first, then lower id.
inline bool precedes(const Candidate& a, const Candidate& b) {
  return a.logit != b.logit ? a.logit > b.logit : a.id < b.id;
}

// The first `count` tokens in that order among those with logit >= floor, unsorted; fewer when
// there are fewer. logits: no NaN; buffer: room for one candidate per logit. One pass over the row
// with a threshold that rises each time 2 * count survivors are halved: O(vocabulary), allocates
// nothing.
std::span<Candidate> select_best(std::span<const float> logits, float floor, size_t count,
                                 std::span<Candidate> buffer);

// All tokens with floor <= logit < ceiling, ids ascending. The same rules.
std::span<Candidate> gather(std::span<const float> logits, float floor, float ceiling,
                            std::span<Candidate> buffer);

}  // namespace spyre::sample
