// Who runs next. A scheduler sees requests as counts (a Demand) and answers with the next step (a
// Plan); it knows no tensor, no text, no clock and no thread, so a trace of calls replays it. The
// engine runs the plan and says which requests ended. One implementation per batching mode.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schedule/block_hash.h"
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
  double arrival_s = 0;    // on the clock of Scheduler::set_time()
  int64_t priority = 0;    // the lower, the sooner
  // Of the prompt's full blocks, in their order; empty: it shares nothing with other requests.
  std::vector<BlockHash> names = {};
};

enum class StepKind { kIdle, kPrefill, kDecode, kMixed };
std::string_view name(StepKind kind);  // "idle", "prefill", "decode", "mixed"

// Tokens [first, first + tokens) of a request, computed in this step: of its prompt, and after a
// preemption of its answer so far. Those before are computed, or lie in shared blocks.
struct PromptPart {
  RequestId id = 0;
  int64_t first = 0;
  int64_t tokens = 0;
  int64_t left_padding = 0;  // positions of the shape before the prompt that hold no token
};

// Prompt tokens that were looked up in the prefix cache, and those found.
struct PrefixCounts {
  int64_t queries = 0;
  int64_t hits = 0;
};

// Requests that sit out and keep their blocks: how many now, and by how many that number rose or
// fell in this step.
struct PauseCounts {
  int64_t paused = 0;
  int64_t pauses = 0;
  int64_t resumes = 0;
};

// One step. Parts and ids are in the order of the batch's rows.
struct Plan {
  StepKind kind = StepKind::kIdle;
  std::vector<PromptPart> prompts = {};
  std::vector<RequestId> decodes = {};  // one token of every living sequence of each
  std::optional<Shape> shape = {};      // static batching: of the running batch
  int64_t padding_tokens = 0;  // positions that the step's shape has beyond its real tokens
  // Lost their blocks: all their tokens come again in parts of prompts, now or later.
  std::vector<RequestId> preempted = {};
  PrefixCounts prefix = {};
  PauseCounts pauses = {};
  int64_t preempted_waiting = 0;  // requests that lost their blocks, now or before, and wait
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
  // The time now, and how long the step took that was planned last; for rules that look at them.
  virtual void set_time(double now_s) { (void)now_s; }
  virtual void took(double seconds) { (void)seconds; }
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

  // --- KV blocks; a scheduler that has no KvTables leaves them to the engine.
  virtual bool owns_blocks() const { return false; }
  // The blocks that hold the request's tokens, in the order of positions; those of the planned step
  // have room in them.
  virtual std::span<const int32_t> blocks(RequestId id) const {
    (void)id;
    return {};
  }
  virtual int64_t blocks_used() const { return 0; }
  // Whether blocks are found by the names of their content. Then name_block() tells that block
  // `index` of a request is full, beyond those of its Demand.
  virtual bool caches_prefixes() const { return false; }
  virtual void name_block(RequestId id, int64_t index, const BlockHash& hash) {
    (void)id;
    (void)index;
    (void)hash;
  }

  virtual Snapshot snapshot() const = 0;
};

}  // namespace spyre::schedule
