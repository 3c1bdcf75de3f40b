// Beam search over one prompt, as vLLM does it: each step takes the 2 * width likeliest tokens of
// every live beam; those that end in an eos token are finished, of the others the best `width` live
// on. It runs until max_tokens; the answer is the best `width` of finished and live ones.
//   score = cumulative log-probability / tokens ^ length_penalty,
// where tokens counts the prompt and the output, a final eos not. Beams share their past: a token
// is one node that points at the one before it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "sample/finish.h"
#include "sample/logprobs.h"
#include "sample/params.h"

namespace spyre::sample {

struct BeamSearchParams {
  int32_t width = 1;
  float length_penalty = 1.0f;
  int64_t max_tokens = 16;
  bool ignore_eos = false;
};

// kInvalidArgument: width or max_tokens below 1, width above the vocabulary, length_penalty not a
// number.
Status validate(const BeamSearchParams& params, const SamplingLimits& limits);

// A beam that still grows.
struct Beam {
  int32_t parent = 0;  // its index in live() before the last step: whose KV blocks it continues
  int32_t token = 0;   // its last token: the one to run next
  double cumulative_logprob = 0;
};

// A result.
struct Hypothesis {
  std::vector<TokenLogprob> tokens = {};  // of the output, an eos included
  double cumulative_logprob = 0;
  double score = 0;
  FinishReason reason = FinishReason::kLength;  // kStop: ended by an eos token
};

class BeamSearch {
 public:
  // params: validated. prompt_tokens: length of the prompt.
  BeamSearch(const BeamSearchParams& params, std::span<const int32_t> eos_token_ids,
             int64_t prompt_tokens, int64_t vocab_size);

  // 2 * width, at most the vocabulary.
  size_t candidates_per_beam() const { return candidates_per_beam_; }

  // Grows every live beam by a token. candidates: [live().size(), candidates_per_beam()], row i the
  // likeliest tokens after live()[i], as score() gives them. Before the first step one beam lives:
  // the prompt. kInvalidArgument: a log-probability is NaN.
  Status step(std::span<const TokenLogprob> candidates);

  // At most width beams, best first; empty once finished().
  std::span<const Beam> live() const { return live_; }
  bool finished() const { return live_.empty(); }

  // The best width of all, best first; before finished() also with those that still live.
  std::vector<Hypothesis> best() const;

 private:
  static constexpr int32_t kNoNode = -1;
  struct Node {
    TokenLogprob token;
    int32_t before;  // index of a node, kNoNode for the first token
  };
  struct Ending {
    int32_t node;
    double cumulative_logprob;
    double score;
    FinishReason reason;
  };
  struct Growth {
    int32_t parent;
    TokenLogprob token;
    double cumulative_logprob;
    double score;
  };

  bool is_eos(int32_t token) const;
  double score_of(double cumulative_logprob, int64_t output_tokens) const;
  int32_t add_node(const Growth& growth);
  void add_ending(const Growth& growth, FinishReason reason);
  void keep_best_growths();
  Hypothesis hypothesis(const Ending& ending) const;

  BeamSearchParams params_;
  std::vector<int32_t> eos_token_ids_;
  int64_t prompt_tokens_;
  size_t candidates_per_beam_;
  int64_t generated_tokens_ = 0;
  std::vector<Beam> live_;
  std::vector<int32_t> live_nodes_;  // the last node of each live beam
  std::vector<Node> nodes_;
  std::vector<Ending> endings_;     // the best width so far, best first
  std::vector<Growth> growths_;     // of the running step
  std::vector<int32_t> new_nodes_;  // likewise
};

}  // namespace spyre::sample
