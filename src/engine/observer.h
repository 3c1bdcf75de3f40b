// What the engine reports for metrics and logs, apart from answers. Calls come on the engine's
// thread and must be quick. Times are seconds on the engine's steady clock.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/request.h"
#include "engine/speculation.h"
#include "schedule/scheduler.h"

namespace spyre::engine {

// A report of kind kIdle is no step: it comes when requests left between steps, for the counts at
// its end.
struct StepReport {
  schedule::StepKind kind = schedule::StepKind::kIdle;
  std::optional<schedule::Shape> shape = {};
  int64_t prompt_tokens = 0;  // computed in this step
  int64_t cached_tokens = 0;  // not computed by prompts that began in it: others' blocks hold them
  int64_t generated_tokens = 0;  // sampled in this step
  int64_t batch_sequences = 0;   // that took part
  int64_t decode_sequences = 0;  // of them, those that decode
  int64_t padding_tokens = 0;    // positions of the shape without a token
  DraftCounts drafts = {};       // checked in this step
  schedule::PrefixCounts prefix = {};
  int64_t pauses = 0;       // by how many the requests that sit out became more
  int64_t resumes = 0;      // or fewer
  int64_t preemptions = 0;  // requests that lost their blocks
  double seconds = 0;
  int64_t running = 0;  // requests, after the step, those that sit out not among them
  int64_t waiting = 0;  // those that were preempted among them
  int64_t paused = 0;
  double kv_usage = 0;  // 0..1, of the KV cache's blocks that hold something, after the step
};

// A request's life. Seconds since its arrival; a stage that it never reached is empty.
struct RequestReport {
  RequestId id = 0;
  int64_t prompt_tokens = 0;
  int64_t generated_tokens = 0;  // of all choices
  int64_t max_tokens = 0;
  int64_t cached_tokens = 0;  // of the prompt
  int64_t preemptions = 0;
  int64_t n = 1;
  sample::FinishReason finish_reason = sample::FinishReason::kAbort;
  bool failed = false;                     // ended by an error of the engine
  std::optional<double> scheduled_s = {};  // its first step began
  std::optional<double> first_token_s = {};
  std::optional<double> last_token_s = {};
  double finished_s = 0;
  double interrupted_s = 0;  // between its first step and its end, time spent in others' prefills
};

class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_step(const StepReport& report) = 0;
  // The request's first step begins.
  virtual void on_scheduled(RequestId id) { (void)id; }
  // The first token of a sequence, `seconds` after its request's arrival; and each later token,
  // `seconds` after the one before. Tokens that one step gave (drafts) share its time in equal
  // parts.
  virtual void on_first_token(double seconds) = 0;
  virtual void on_next_token(double seconds) = 0;
  // Comes after the report of the request's last step, and before its Listener's on_finished.
  virtual void on_finished(const RequestReport& report) = 0;
};

}  // namespace spyre::engine
