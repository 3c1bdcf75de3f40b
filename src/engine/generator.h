// The offline engine: takes requests, runs them together, one step at a time, on the caller's
// thread. A request is admitted when its sequences and all the KV blocks that it can ever need are
// free, so nothing that runs is ever stopped for lack of memory. A step is either a chunk of one
// prompt or one token of every running sequence. Results do not depend on who runs beside whom.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "engine/group.h"
#include "engine/request.h"

namespace spyre::engine {

struct GeneratorOptions {
  int64_t max_num_seqs = 1;  // sequences that run at once
  int64_t prefill_rows =
      256;  // prompt tokens of a step: enough to use the weights often, little scratch
};

class Generator {
 public:
  // Borrows runner and tokenizer for its life. kv_blocks: those of the runner's KV cache.
  // kResourceExhausted: no memory for sampling.
  static Result<std::unique_ptr<Generator>> create(runner::ModelRunner& runner,
                                                   const text::Tokenizer& tokenizer,
                                                   const GeneratorOptions& options);

  // Queues a request. kInvalidArgument: a parameter out of range, a prompt that is empty, too long
  // or holds unknown ids, more sequences or KV blocks than the engine has; the message names the
  // setting.
  Status submit(RequestId id, Request request);

  // Runs one step; false when nothing is left to do. Failures of a request go to its output.
  bool step(Listener& listener);

  // Ends everything that runs or waits; outputs hold what was made so far.
  void abort_all(Listener& listener);

 private:
  Generator(runner::ModelRunner& runner, const text::Tokenizer& tokenizer,
            const GeneratorOptions& options, sample::Workspace workspace);

  struct Waiting {
    RequestId id;
    Request request;
  };

  void admit(Listener& listener);
  void run_prompt_chunk(Group& group, Listener& listener);
  void run_decode(Listener& listener);
  void add_table(const BlockTable& table);
  void finish(Group& group, std::optional<Error> failure, Listener& listener);

  runner::ModelRunner& runner_;
  const GeneratorOptions options_;
  sample::Workspace workspace_;
  schedule::BlockPool pool_;
  Listener* listener_ = nullptr;
  GroupContext context_;
  std::deque<Waiting> waiting_;
  std::vector<std::unique_ptr<Group>> running_;  // in order of admission
  int64_t reserved_blocks_ = 0;
  int64_t reserved_sequences_ = 0;
  runner::Step step_;
};

}  // namespace spyre::engine
