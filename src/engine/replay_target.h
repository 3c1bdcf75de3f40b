// What a replay steps: a scheduler alone, whose requests all run to their last token, or a
// generator with its model. Requests are known by their place in the trace.
#pragma once

#include <memory>
#include <vector>

#include "engine/generator.h"
#include "engine/trace.h"

namespace spyre::engine {

struct ReplayedStep {
  schedule::StepKind kind = schedule::StepKind::kIdle;
  std::optional<schedule::Shape> shape = {};
  std::vector<RequestId> outputs = {};   // who got tokens, in the order of rows
  std::vector<RequestId> finished = {};  // who ended with them
};

// A choice's answer.
struct ReplayedAnswer {
  std::vector<int32_t> token_ids = {};
  sample::FinishReason finish_reason = sample::FinishReason::kAbort;
};

class ReplayTarget {
 public:
  virtual ~ReplayTarget() = default;
  // The request arrives. kInvalidArgument: it is rejected.
  virtual Status add(RequestId id, const TraceRequest& request) = 0;
  virtual schedule::Snapshot snapshot() const = 0;
  virtual Result<ReplayedStep> step() = 0;
  // Of a request that finished, by choice. kInvalidArgument and others: it failed.
  virtual Result<std::vector<ReplayedAnswer>> take_answers(RequestId id) = 0;
};

// No model: tokens are dummies (0), and max_tokens of a request that names none is the most that it
// may get.
std::unique_ptr<ReplayTarget> schedule_only_target(std::unique_ptr<schedule::Scheduler> scheduler);

// Makes the engine's request from one of the trace, whose max_tokens is given. Prompts that are
// only counted are made up before. kInvalidArgument: a field that makes no sense.
using MakeRequest = std::function<Result<Request>(const TraceRequest& request,
                                                  std::vector<int32_t> prompt, int64_t max_tokens)>;

// Borrows the generator, which must be idle and is observed from now on. Prompts that are only
// counted get RandomTokens seeded with the request's place in the trace.
std::unique_ptr<ReplayTarget> generator_target(Generator& generator, int64_t vocab_size,
                                               MakeRequest make_request);

}  // namespace spyre::engine
