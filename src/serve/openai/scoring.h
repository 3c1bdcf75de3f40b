// How alike texts are, pair by pair: by the cosine of two embeddings, or by a cross-encoder, which
// reads both texts at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "serve/openai/pooling_job.h"

namespace spyre::serve::openai {

// The texts of a request, by the fields that they came in (literals).
struct ScoredTexts {
  std::vector<std::string> firsts = {};   // one, or as many as the others
  std::vector<std::string> seconds = {};  // at least one
  std::string_view first_field;
  std::string_view second_field;
};

// Whether a request asks for nothing that would change scores and is not there, and for pairs of a
// number that one request may have.
ApiStatus check_scoring(const Json& body, const ScoredTexts& texts);

class Scoring {
 public:
  // activate: scores of cross-encoders lie between 0 and 1. Errors: bad_value for counts that do
  // not fit each other, and texts that are too long.
  static ApiResult<Scoring> create(const InputRules& rules, const PoolingModel& model,
                                   bool activate, const ScoredTexts& texts);

  // What the engine has to pool, once; scores() wants the outputs in that order.
  std::vector<PoolingPrompt> take_prompts() { return std::move(prompts_); }

  // Of each pair.
  std::vector<float> scores(PooledVectors pooled) const;

 private:
  std::vector<PoolingPrompt> prompts_;
  bool embeds_ = false;  // prompts are first all firsts, then all seconds; else pairs
  size_t num_firsts_ = 0;
  bool activate_ = true;  // cross-encoders
};

}  // namespace spyre::serve::openai
