// A reference fixture behind a Generator, and a listener that keeps what it is told.
#pragma once

#include <map>

#include "engine/generator.h"
#include "runner/fixture.h"

namespace spyre::engine::testing {

struct Outcome {
  RequestOutput output;
  std::map<int32_t, std::string> streamed;  // per choice
};

class Recorder final : public Listener {
 public:
  void on_text(RequestId id, int32_t choice, std::string_view text) override {
    outcomes[id].streamed[choice] += text;
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
  explicit EngineFixture(std::string_view name,
                         const GeneratorOptions& options = {.max_num_seqs = 8});

  Generator& generator() { return *generator_; }
  const text::Tokenizer& tokenizer() const { return tokenizer_; }
  runner::testing::LoadedModel& model() { return model_; }

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
