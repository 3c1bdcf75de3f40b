// Whether drafts of one sequence are worth their rows, and how long they may be, judged by what
// became of those before: free text matches its past by chance, and a draft that is refused is work
// for nothing. Deterministic: looks at counts, never at a clock. It changes what is drafted, not
// what is answered.
#pragma once

#include <cstdint>

namespace spyre::engine {

// What a row costs, as a share of what every step costs (reading the weights): between 0.02 and
// 0.14 as measured (docs/performance.md). Near the limit it decides little either way.
inline constexpr double kRowCost = 0.1;

// The share of draft tokens that must be accepted for drafts to gain anything in a step of so many
// sequences. Without drafts it gives `sequences` tokens in the time 1 + kRowCost * sequences; a row
// more takes kRowCost and has to give tokens at that rate:
//   kRowCost * sequences / (1 + kRowCost * sequences)
// Few sequences share the reading of the weights with drafts; many leave nothing to share.
constexpr double worthwhile_acceptance(int64_t sequences) {
  const double rows = static_cast<double>(sequences) * kRowCost;
  return rows / (1 + rows);
}

class DraftGate {
 public:
  // Asked once a step: how long a draft may be, of `draft_tokens` that are allowed; 0 while a pause
  // lasts. Drafts are the longer the more was accepted, so a trial after a pause costs little.
  int64_t longest_draft(int64_t draft_tokens);

  // A draft was checked in a step of so many sequences. When acceptance, averaged over the last
  // drafts, is less than what is worthwhile there, a pause begins; each that follows a single bad
  // draft is twice as long as the one before, up to a limit. The rows of a trial delay all
  // sequences, so pauses are the longer the more there are.
  void count(int64_t drafted, int64_t accepted, int64_t sequences);

 private:
  static constexpr int64_t kShortestPause = 8;  // steps, times sequences
  static constexpr int64_t kLongestPause = 64;
  static constexpr double kNewest = 0.25;  // weight of a draft in the average

  double acceptance_ = 0.5;  // at first, what nobody knows
  int64_t pause_left_ = 0;
  int64_t next_pause_ = kShortestPause;
};

}  // namespace spyre::engine
