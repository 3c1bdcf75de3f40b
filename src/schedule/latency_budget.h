// How many prompt tokens may ride along with decodes, so that those who read an answer don't
// notice: learnt from how long steps took. A guess of the past, so only a target.
#pragma once

#include <cstdint>
#include <optional>

namespace spyre::schedule {

class LatencyBudget {
 public:
  // target_s: seconds that a step with decodes may take; none: all of most_tokens, always.
  LatencyBudget(std::optional<double> target_s, int64_t most_tokens)
      : target_s_(target_s), most_tokens_(most_tokens) {}

  // Prompt tokens of the next step with decodes: some always, so that prompts get on.
  int64_t tokens() const;
  // A step of so many decodes and prompt tokens took so long.
  void learn(int64_t decodes, int64_t prompt_tokens, double seconds);

 private:
  const std::optional<double> target_s_;
  const int64_t most_tokens_;
  std::optional<double> decode_s_;  // of a step without prompts
  std::optional<double> token_s_;   // of a prompt token
};

}  // namespace spyre::schedule
