// Who runs next. A scheduler sees requests as counts (a Demand) and answers with the next step (a
// Plan); it knows no tensor, no text, no clock and no thread, so a trace of calls replays it. The
// engine runs the plan and says which requests ended. One implementation per batching mode.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schedule/shape.h"

namespace spyre::schedule {

using RequestId = uint64_t;

// What a scheduler knows of a request.
struct Demand {
  RequestId id = 0;
  int64_t prompt_tokens = 0;
  int64_t max_tokens = 0;  // longest answer of each sequence
  int64_t sequences = 1;   // that grow from the prompt at once: rows of the batch
  bool beams = false;      // its sequences fork: each may hold one block more for a moment
};

enum class StepKind { kIdle, kPrefill, kDecode };
std::string_view name(StepKind kind);  // "idle", "prefill", "decode"

// Prompt tokens [first, first + tokens) of a request, computed in this step.
struct PromptPart {
  RequestId id = 0;
  int64_t first = 0;
  int64_t tokens = 0;
  int64_t left_padding = 0;  // positions of the shape before the prompt that hold no token
};

// One step. Parts and ids are in the order of the batch's rows.
struct Plan {
  StepKind kind = StepKind::kIdle;
  std::vector<PromptPart> prompts = {};  // of a prefill
  std::vector<RequestId> decodes = {};   // of a decode: one token of every living sequence of each
  std::optional<Shape> shape = {};       // static batching: of the running batch
  int64_t padding_tokens = 0;  // positions that the step's shape has beyond its real tokens
};

// What can be seen from outside, as it stands before the next step.
struct Snapshot {
  int64_t tkv = 0;  // padded length of the running batch, in tokens
  std::vector<RequestId> waiting = {};
  std::vector<RequestId> running = {};
  std::vector<RequestId> paused = {};
  int64_t blocks_used = 0;
  int64_t blocks_reserved = 0;
  std::map<RequestId, std::vector<int32_t>> block_tables = {};
};

class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // Whether such a request can ever run. Reads only what never changes, so any thread may ask.
  // kInvalidArgument: the rejection, in the words that users of the mode know.
  virtual Status admissible(const Demand& demand) const = 0;
  // The longest answer that a prompt of so many tokens may get: max_tokens of a request that names
  // none. 0: no answer at all. Any thread may ask.
  virtual int64_t most_new_tokens(int64_t prompt_tokens) const = 0;
  // How many sequences of such a request can run at once, at most. Any thread may ask.
  virtual int64_t most_sequences(int64_t prompt_tokens, int64_t max_tokens) const = 0;

  // Queues an admissible request.
  virtual void add(const Demand& demand) = 0;
  // Plans the next step and takes it as done: parts of prompts count as computed. kIdle when
  // nothing can run.
  virtual Plan next() = 0;
  // After a step that may have computed more tokens of a sequence than the plan counts (drafts):
  // the request's longest sequence has so many by now, its prompt included. For snapshot(); who
  // runs does not depend on it.
  virtual void computed(RequestId id, int64_t tokens) = 0;
  // After the step: a request of it is through, or was aborted (waiting ones, too). Unknown ids are
  // ignored.
  virtual void finish(RequestId id) = 0;

  virtual Snapshot snapshot() const = 0;
};

}  // namespace spyre::schedule
