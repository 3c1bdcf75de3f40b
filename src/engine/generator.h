// Runs requests together, one step at a time, on the caller's thread: the scheduler plans a step,
// the runner computes it, each request takes its tokens. Who runs when is the scheduler's matter
// alone; results do not depend on who runs beside whom.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "engine/block_names.h"
#include "engine/group.h"
#include "engine/listener.h"
#include "engine/observer.h"
#include "engine/prefill_tiles.h"
#include "engine/request.h"
#include "schedule/scheduler.h"

namespace spyre::engine {

struct GeneratorOptions {
  // Rows of a tile of a prefill: enough to use the weights often, little scratch.
  int64_t prefill_rows = kPrefillRows;
  int64_t prefill_outputs = kTileOutputs;
  int32_t max_logprobs = 20;     // --max-logprobs; -1: no limit
  int32_t max_stop_strings = 4;  // VLLM_MAX_STOP_STRINGS
  std::optional<Speculation> speculation = {};
  bool timeless = false;  // the scheduler is told of no time: a trace of calls replays it
};

class Generator {
 public:
  // Borrows runner and tokenizer for its life. The runner has the programs of step_shapes() for all
  // that the scheduler plans, and a KV cache with all the blocks that it promises.
  // kResourceExhausted: no memory for sampling.
  static Result<std::unique_ptr<Generator>> create(runner::ModelRunner& runner,
                                                   const text::Tokenizer& tokenizer,
                                                   std::unique_ptr<schedule::Scheduler> scheduler,
                                                   const GeneratorOptions& options);

  // Borrowed, may be null; told of everything from now on.
  void set_observer(Observer* observer) { observer_ = observer; }

  // Whether such a request can ever run: check_request(), then the scheduler's word. Any thread may
  // ask, of `scheduler()` what its header allows to any thread.
  Status check(const Request& request) const;
  Status check_fields(const Request& request) const;
  const schedule::Scheduler& scheduler() const { return *scheduler_; }

  // Queues a request under an id that no unfinished request has. Errors: those of check().
  Status submit(RequestId id, Request request, Clock::time_point arrival = Clock::now());

  // Runs one step; false when nothing can run. What goes wrong with one request goes to its output.
  // kInternal: the step itself failed; all requests have then ended with that error, and the
  // generator is of no use any more.
  Result<bool> step(Listener& listener);

  // Ends a request, running or waiting, and frees its blocks; its output holds what was made so
  // far. False: there is no such request.
  bool abort(RequestId id, Listener& listener);
  void abort_all(Listener& listener);

  // As it stands before the next step.
  schedule::Snapshot snapshot() const { return scheduler_->snapshot(); }
  int64_t blocks_in_use() const;

 private:
  Generator(runner::ModelRunner& runner, const text::Tokenizer& tokenizer,
            std::unique_ptr<schedule::Scheduler> scheduler, const GeneratorOptions& options,
            sample::Workspace workspace);

  struct Waiting {
    Request request;
    Clock::time_point arrival;
  };
  // A step cut into what programs run: all decodes and the first tile of prompts, then the others.
  struct PlannedRows {
    const schedule::Plan& plan;
    std::vector<Group*> prompts;  // of the plan's parts, as far as they could be started
    std::vector<Tile> tiles;
    Clock::time_point began;
  };
  struct Ended {
    RequestReport report = {};
    RequestOutput output = {};
  };

  schedule::Demand named_demand(RequestId id, const Request& request, Clock::time_point arrival);
  void name_filled(const Group& group);
  int64_t own_blocks(const Request& request) const;
  Group* start(RequestId id);
  PlannedRows start_prompts(const schedule::Plan& plan, Clock::time_point began,
                            StepReport& report);
  Status run_rows(const PlannedRows& rows, StepReport& report);
  void add_tile(const Tile& tile, const PlannedRows& rows);
  void add_pooling_inputs(const Group& group);
  void take_tile(const Tile& tile, const PlannedRows& rows, std::span<const float> logits,
                 StepReport& report);
  void add_decodes(const schedule::Plan& plan);
  std::span<const float> take_decodes(const schedule::Plan& plan, std::span<const float> logits,
                                      StepReport& report);
  void add_row(int32_t token, int64_t position);
  void add_sampled_row(int32_t token, int64_t position);
  void add_table(const BlockTable& table);
  void take_tokens(Group& group, std::span<const float> logits, StepReport& report);
  void charge_interruption(const schedule::Plan& plan, double seconds);

  void end(Group& group, std::optional<Error> failure);
  void end_waiting(RequestId id, std::optional<Error> failure);
  void end_all(const std::optional<Error>& failure);
  void deliver(StepReport& report, Listener& listener);
  void deliver_between(Listener& listener);

  runner::ModelRunner& runner_;
  const std::unique_ptr<schedule::Scheduler> scheduler_;
  const GeneratorOptions options_;
  sample::Workspace workspace_;
  schedule::BlockPool pool_;  // of schedulers that leave blocks to the engine
  Observer* observer_ = nullptr;
  Listener* listener_ = nullptr;
  GroupContext context_;
  std::map<RequestId, Waiting> waiting_;
  std::map<RequestId, std::unique_ptr<Group>> running_;  // those that were preempted among them
  std::map<RequestId, BlockNames> names_;                // of requests whose blocks others may find
  std::vector<Ended> ended_;                             // that the listener has not heard of yet
  int64_t promised_blocks_ = 0;
  bool told_idle_ = true;      // the observer knows that nothing runs
  int64_t num_paused_ = 0;     // of running_, as of the last step
  int64_t num_preempted_ = 0;  // of running_, waiting for blocks
  runner::Step step_;
};

}  // namespace spyre::engine
