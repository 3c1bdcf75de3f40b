// An engine that plays scripts instead of a model: tests say which tokens with which text come in
// which deltas, and see what was submitted and aborted.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/async_engine.h"

namespace spyre::serve::openai::testing {

struct Piece {
  int32_t id = 0;
  std::string text;
};

struct ChoiceScript {
  std::vector<Piece> pieces;
  sample::FinishReason finish_reason = sample::FinishReason::kLength;
  sample::StopReason stop_reason = {};

  std::string text() const;
  std::vector<int32_t> ids() const;
};

// The fake model's opinion of a token: its logprob is -id / 8, its rank 2, and `top` others are
// better known: ids 1, 2, ... with -0.25, -0.5, ...
engine::TokenOutput scored(int32_t id, std::optional<int32_t> top);

class FakeEngine final : public engine::AsyncEngine {
 public:
  struct Submitted {
    engine::Request request;
    std::shared_ptr<engine::Listener> listener;
  };

  Result<engine::RequestId> submit(engine::Request request,
                                   std::shared_ptr<engine::Listener> listener) override;
  void abort(engine::RequestId id) override { aborted.push_back(id); }
  int64_t most_new_tokens(int64_t prompt_tokens) const override;
  engine::EngineState state() const override { return engine::EngineState::kReady; }
  int64_t num_unfinished() const override { return 0; }
  int64_t num_waiting() const override { return 0; }
  bool drain(std::chrono::milliseconds) override { return true; }
  void stop() override {}

  // Tells request `id` of its prompt, of all its choices, token by token in turn, and of its end.
  // cuts: how many tokens of a choice go into each of its deltas, repeated; {1} if empty. lag: the
  // text of a delta comes so many characters late, as inside a possible stop string.
  void play(engine::RequestId id, const std::vector<ChoiceScript>& choices,
            const std::vector<size_t>& cuts = {}, size_t lag = 0);
  void tell_prompt(engine::RequestId id);
  void tell(engine::RequestId id, const engine::Delta& delta);
  void finish(engine::RequestId id, engine::RequestOutput output);

  std::vector<Submitted> submitted;  // by id
  std::vector<engine::RequestId> aborted;
  std::function<std::optional<Error>(size_t index)> refuse = {};  // of the index-th submission
  std::function<void(engine::RequestId id)> on_submit = {};       // called inside submit()
  int64_t context_tokens = 100;                                   // for most_new_tokens()
};

// What the engine answers in the end for these choices.
engine::RequestOutput output_of(const engine::Request& request,
                                const std::vector<ChoiceScript>& choices);

}  // namespace spyre::serve::openai::testing
