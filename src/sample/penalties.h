// Repetition, frequency and presence penalty of one sequence, with the counts that they need. Only
// tokens that occurred are kept, so the cost follows the text, not the vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sample/params.h"

namespace spyre::sample {

class Penalties {
 public:
  // params: validated; prompt: ids outside the vocabulary are passed over. Takes room for the
  // prompt and max_tokens, at most the vocabulary, if any penalty is on.
  Penalties(const SamplingParams& params, std::span<const int32_t> prompt, int64_t vocab_size);

  bool any() const { return active_ && !seen_.empty(); }
  // For every token of prompt or output: logit / repetition_penalty when positive, else times it;
  // then, for output tokens, minus frequency_penalty * count + presence_penalty.
  // -inf stays; other results stay finite. logits: [vocab_size]. Allocates nothing.
  // Repetition: Keskar et al. 2019 (arXiv 1909.05858), in the signed form that vLLM uses.
  void apply(std::span<float> logits) const;
  // The output grew by this token. Allocates nothing for the first max_tokens tokens.
  void append(int32_t token);

 private:
  struct Seen {
    int32_t id;
    int32_t output_count;
  };

  Seen& seen(int32_t id);
  size_t slot_of(int32_t id) const;
  void resize_slots(size_t capacity);

  bool active_ = false;
  float repetition_ = 1.0f;
  float frequency_ = 0.0f;
  float presence_ = 0.0f;
  std::vector<Seen> seen_;      // distinct tokens, in order of appearance
  std::vector<int32_t> slots_;  // open addressing: index into seen_, -1 empty; at most half full
};

}  // namespace spyre::sample
