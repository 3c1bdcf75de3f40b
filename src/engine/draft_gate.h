// Whether drafts of one sequence are worth their rows, judged by what became of those before: free
// text matches its past by chance, and a draft that is refused is work for nothing. Deterministic:
// looks at counts, never at a clock. It changes when drafts are made, not what is answered.
#pragma once

#include <cstdint>

namespace spyre::engine {

// What a row costs, as a share of what every step costs (reading the weights). A quarter, between
// the 0.37 that docs/performance.md measured and the tenth of machines with much arithmetic for
// their memory. Near the limit it decides little either way.
inline constexpr double kRowCost = 0.25;

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
  // Asked once a step; false while a pause lasts.
  bool open();

  // A draft was checked in a step in which the share `worthwhile` of it had to be accepted. When
  // acceptance, averaged over the last drafts, is less, a pause begins; each that follows a single
  // bad draft is twice as long as the one before, up to a limit.
  void count(int64_t drafted, int64_t accepted, double worthwhile);

 private:
  static constexpr int64_t kShortestPause = 8;  // steps
  static constexpr int64_t kLongestPause = 64;
  static constexpr double kNewest = 0.25;  // weight of a draft in the average

  double acceptance_ = 1;  // at first everything is hoped for
  int64_t pause_left_ = 0;
  int64_t next_pause_ = kShortestPause;
};

}  // namespace spyre::engine
