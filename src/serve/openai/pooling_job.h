// The inputs of one request on their way through the engine: in as many at a time as do not crowd
// out other clients, out again as one list. Stands between the same three threads as a generation
// (generation.h), and words no answer itself.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "serve/openai/gate.h"
#include "serve/openai/pooling_prompts.h"

namespace spyre::serve::openai {

// One for each input, of PoolingModel::columns finite values.
using PooledVectors = std::span<const std::vector<float>>;

struct PoolingJob {
  Visit visit;
  std::string id;  // of the answer
  std::vector<PoolingPrompt> prompts;
  int64_t priority = 0;
  std::string_view field;  // that the prompts came in, for errors; a literal
  // Words the answer, on a worker thread.
  std::function<ApiResult<http::Response>(PooledVectors pooled)> answer;
};

// Has the engine pool every prompt and answers: with what job.answer makes of the outputs, or with
// the first error. A client that leaves has its requests aborted.
void start_pooling(PoolingJob job);

}  // namespace spyre::serve::openai
