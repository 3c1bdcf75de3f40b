// How many prompt tokens may ride along with decodes, so that those who read an answer hardly
// notice: learnt from how long steps took. A guess from the past, so only a target.
#pragma once

#include <cstdint>
#include <optional>

namespace spyre::schedule {

class LatencyBudget {
 public:
  // target_s: seconds that a step with decodes may take; none: 2.5 times what the decodes alone
  // would take; 0: no target, all of most_tokens always.
  LatencyBudget(std::optional<double> target_s, int64_t most_tokens)
      : target_s_(target_s), most_tokens_(most_tokens) {}

  // Prompt tokens of the next step with so many decodes, at least one: some always, so that prompts
  // get on.
  int64_t tokens(int64_t decodes) const;
  // A step of so many decodes and prompt tokens took so long.
  void learn(int64_t decodes, int64_t prompt_tokens, double seconds);

 private:
  double decode_seconds(int64_t decodes) const;

  const std::optional<double> target_s_;
  const int64_t most_tokens_;
  // Running means; 0: not known yet.
  double decode_s_ = 0;     // of a step without prompts
  double decode_rows_ = 0;  // of such a step
  double token_s_ = 0;      // of a prompt token beside others
};

}  // namespace spyre::schedule
