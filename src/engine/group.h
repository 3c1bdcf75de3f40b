// A request while it runs: one prompt, and the sequences that grow from it. How they grow (sampled
// independently, or as beams) is what the two kinds of group differ in; the generator only moves
// rows in and logits out.
#pragma once

#include <memory>

#include "engine/block_table.h"
#include "engine/clock.h"
#include "engine/drafter.h"
#include "engine/listener.h"
#include "engine/mask_thread.h"
#include "engine/observer.h"
#include "engine/request.h"
#include "sample/workspace.h"
#include "text/tokenizer.h"

namespace spyre::engine {

// What a group's sequences gained in a step.
struct Gains {
  std::vector<int64_t> tokens;  // of each sequence that ran
  DraftCounts drafts;
};

// What groups share; borrowed for their life.
struct GroupContext {
  runner::ModelRunner& runner;
  const text::Tokenizer& tokenizer;
  schedule::BlockPool* pool;  // null: the scheduler owns the blocks
  sample::Workspace& workspace;
  Listener*& listener;  // of the running step
  std::optional<Speculation> speculation = {};
  MaskThread masks = {};  // of grammars
};

class Group {
 public:
  // arrival: of the request.
  Group(GroupContext& context, RequestId id, Request request, Clock::time_point arrival);
  virtual ~Group() = default;

  // Sequences that may run at once, the longest answer of each, and the blocks that they may come
  // to own together.
  static int64_t max_sequences(const Request& request);
  static int64_t max_tokens(const Request& request);
  static int64_t max_blocks(const Request& request, int64_t max_model_len);

  RequestId id() const { return id_; }
  const Request& request() const { return request_; }

  // --- the prompt, and after a preemption all that is known: the answer so far is its end
  int64_t prompt_left() const;
  int32_t token(int64_t position) const;
  bool wants_prompt_logprobs() const { return request_.params.prompt_logprobs.has_value(); }
  // They are wanted, and no answer has begun.
  bool scores_prompt() const { return wants_prompt_logprobs() && !first_token_; }
  // Tokens [first, first + count) run in a step that began then; the table covers them, and those
  // before lie in its blocks. blocks: where the scheduler owns them.
  const BlockTable& begin_prompt(int64_t first, int64_t count, std::span<const int32_t> blocks,
                                 Clock::time_point step_began);
  // Its blocks are gone: everything is to be computed again.
  void preempt();
  // Scores the tokens that follow rows [first, first + count) of the prompt. logits: [count,
  // vocab].
  void score_prompt(int64_t first, int64_t count, std::span<const float> logits);

  // --- the sequences that grow; all of them run in every decode step
  virtual int64_t num_live() const = 0;
  // The token that sequence i runs next, with the table that covers its position.
  virtual int32_t next_token(int64_t i) const = 0;
  virtual BlockTable& table(int64_t i) = 0;
  // Tokens that may follow it: rows of the same step, right behind, until the next accept(). Most
  // often none. Asked once a step; what is drafted never leaves the blocks of max_blocks().
  virtual std::span<const int32_t> draft(int64_t i, const DraftTerms& terms) {
    (void)i;
    (void)terms;
    return {};
  }
  // Rows of all sequences in the step, those of drafts included.
  virtual int64_t num_rows() const { return num_live(); }
  // Tokens of its longest sequence that were rows, its prompt's included; 0: as many as it had
  // steps.
  virtual int64_t longest() const { return 0; }
  // Tokens of its answer, if it has only one.
  virtual std::span<const int32_t> generated() const { return {}; }
  // Chooses tokens from logits (a pooling request keeps them): after the prompt [1, vocab], then
  // [num_rows(), vocab], a sequence's rows side by side; tells the observer (may be null) of each
  // and counts them in the report. A table then covers the tokens that were taken, and no more. An
  // error ends this request only.
  Status accept(std::span<const float> logits, Observer* observer, StepReport& report);

  // Another request's prefill took so long while this one waited.
  void interrupted(double seconds) { interrupted_s_ += seconds; }

  // So many tokens of the prompt lie in blocks of others.
  void set_cached_tokens(int64_t tokens) { cached_tokens_ = tokens; }

  // Everything made so far, and the request's life; the group is not used afterwards.
  RequestOutput take_output(std::optional<Error> failure);
  RequestReport report(const RequestOutput& output) const;

 protected:
  int64_t cached_tokens() const { return cached_tokens_; }
  // gains: a token of each sequence and no draft, to be corrected.
  virtual Status choose(std::span<const float> logits, Gains& gains) = 0;
  virtual std::vector<Completion> take_completions() = 0;
  virtual std::vector<float> take_pooled() { return {}; }
  virtual void drop_blocks() {}  // of what grows
  size_t vocab() const { return static_cast<size_t>(context_.runner.vocab_size()); }

  GroupContext& context_;
  const RequestId id_;
  Request request_;
  BlockTable prompt_table_;

 private:
  void tell(Observer& observer, Clock::time_point now) const;

  std::vector<TokenOutput> prompt_logprobs_;
  int64_t cached_tokens_ = 0;
  Gains gains_;  // of the last step
  const Clock::time_point arrival_;
  std::optional<Clock::time_point> started_;
  std::optional<Clock::time_point> first_token_;
  std::optional<Clock::time_point> last_token_;
  double interrupted_s_ = 0;
  int64_t preemptions_ = 0;
};

// The life of a request that never ran.
RequestReport unstarted_report(RequestId id, const Request& request, Clock::time_point arrival);

// The kind of group that the request asks for. Errors: those of the tokenizer's decoder.
Result<std::unique_ptr<Group>> create_group(GroupContext& context, RequestId id, Request request,
                                            Clock::time_point arrival);

}  // namespace spyre::engine
