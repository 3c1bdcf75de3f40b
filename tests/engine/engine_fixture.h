// A reference fixture behind a Generator, and a listener that keeps what it is told.
#pragma once

#include <functional>
#include <map>

#include "engine/generator.h"
#include "runner/fixture.h"

namespace spyre::engine::testing {

struct Outcome {
  RequestOutput output = {};
  std::map<int32_t, std::string> streamed = {};  // per choice
  std::map<int32_t, std::vector<int32_t>> streamed_tokens = {};
  std::map<int32_t, sample::FinishReason> ends = {};
  size_t streamed_logprobs = 0;
  size_t streamed_prompt_logprobs = 0;
  int prompts = 0;  // calls of on_prompt
};

// Makes a scheduler of continuous batching for so many usable KV blocks.
using MakeScheduler =
    std::function<std::unique_ptr<schedule::Scheduler>(int64_t kv_blocks, int64_t max_model_len)>;

// What runs requests: static batching over shapes, a scheduler of continuous batching, or, without
// either, batching by what is free.
struct EngineSettings {
  int64_t max_num_seqs = 8;
  int64_t prefill_rows = kPrefillRows;
  std::vector<schedule::Shape> shapes = {};
  MakeScheduler make_scheduler = {};
  bool mixed = false;           // that scheduler's steps
  int64_t max_model_len = 128;  // of a fixture, not of a generator
  std::optional<Speculation> speculation = {};
  backend::Execution execution = backend::Execution::kEager;  // of a fixture, not of a generator
};

class Recorder final : public Listener {
 public:
  void on_prompt(RequestId id, std::span<const TokenOutput> prompt_logprobs) override {
    ++outcomes[id].prompts;
    outcomes[id].streamed_prompt_logprobs = prompt_logprobs.size();
  }
  void on_delta(RequestId id, const Delta& delta) override {
    Outcome& outcome = outcomes[id];
    outcome.streamed[delta.choice] += delta.text;
    auto& tokens = outcome.streamed_tokens[delta.choice];
    tokens.insert(tokens.end(), delta.token_ids.begin(), delta.token_ids.end());
    outcome.streamed_logprobs += delta.logprobs.size();
    if (delta.finished) outcome.ends[delta.choice] = delta.finish_reason;
  }
  void on_finished(RequestId id, RequestOutput output) override {
    outcomes[id].output = std::move(output);
    finished.push_back(id);
  }

  std::map<RequestId, Outcome> outcomes;
  std::vector<RequestId> finished;
};

class EngineFixture {
 public:
  explicit EngineFixture(std::string_view name, const EngineSettings& settings = {});

  Generator& generator() { return *generator_; }
  // Leaves the fixture without one.
  std::unique_ptr<Generator> take_generator() { return std::move(generator_); }
  const text::Tokenizer& tokenizer() const { return tokenizer_; }
  runner::testing::LoadedModel& model() { return model_; }

  // A generator over this model; the fixture's own must be idle.
  std::unique_ptr<Generator> make_generator(const EngineSettings& settings);

  // Runs the requests together until all are done; ids are their places.
  std::map<RequestId, Outcome> run(std::vector<Request> requests);
  Outcome run_one(Request request);

  // ids of expected.json's prompts[index], and the greedy continuation.
  std::vector<int32_t> prompt(size_t index) const;
  std::vector<int32_t> greedy(size_t index) const;
  // A greedy request over that prompt that ignores the end of sequence.
  Request request(size_t index, int64_t max_tokens = 24) const;

 private:
  runner::testing::LoadedModel model_;
  text::Tokenizer tokenizer_;
  Json expected_;
  std::unique_ptr<Generator> generator_;
};

}  // namespace spyre::engine::testing
