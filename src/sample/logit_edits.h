// The edits of a row that come before penalties, for one sequence: allowed_token_ids, bad_words,
// min_tokens and logit_bias. All but the bias set logits to -inf, so their order does not matter.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sample/params.h"
#include "sample/token_mask.h"

namespace spyre::sample {

class LogitEdits {
 public:
  // params: validated. Ids outside the vocabulary (an eos of a longer tokenizer) are passed over.
  LogitEdits(const SamplingParams& params, int64_t vocab_size);

  // Whether apply() would change anything for the next token, the first when generated is 0.
  bool any(int64_t generated) const;
  // logits: [vocab_size]. Allocates nothing.
  void apply(std::span<float> logits, int64_t generated) const;
  // The sequence grew by this token. Allocates nothing.
  void append(int32_t token);

 private:
  void mask_bad_words(std::span<float> logits) const;

  std::optional<TokenMask> allowed_;
  std::vector<std::vector<int32_t>> bad_words_;
  std::vector<int32_t> recent_;  // the last output tokens, as many as a bad word may need
  size_t max_recent_ = 0;
  std::vector<int32_t> ends_;  // tokens that end the sequence, masked before min_tokens_
  int64_t min_tokens_ = 0;
  std::vector<std::pair<int32_t, float>> bias_;
};

}  // namespace spyre::sample
