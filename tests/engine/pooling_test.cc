// Pooling requests through the generator: whatever runs beside a text, packed or in shapes, its
// vector has the bits that it has alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "engine/engine_fixture.h"
#include "engine/warmup.h"
#include "runner/encoder_fixture.h"
#include "schedule/packed_batching.h"
#include "schedule/static_batching.h"

namespace spyre::engine::testing {
namespace {

using runner::testing::Encoder;
using runner::testing::Text;
using runner::testing::texts_of;
using ::testing::HasSubstr;

constexpr GeneratorOptions kOptions = {.prefill_rows = Encoder::kRows,
                                       .prefill_outputs = Encoder::kSequences};

std::unique_ptr<schedule::Scheduler> packed() {
  return schedule::PackedBatching::create(
             {.step_tokens = 200, .max_sequences = 6, .max_tokens = 96})
      .value();
}

std::unique_ptr<schedule::Scheduler> padded() {
  return schedule::StaticBatching::create({.shapes = {{.prompt_tokens = 64, .batch_size = 4},
                                                      {.prompt_tokens = 128, .batch_size = 2}},
                                           .prompt_only = true})
      .value();
}

Request request_of(const Text& text) {
  return {.prompt = text.ids, .pooling = PoolingInputs{.token_types = text.types}};
}

class Pooling : public ::testing::TestWithParam<std::tuple<const char*, backend::Execution>> {
 protected:
  std::string name() const { return std::get<0>(GetParam()); }
  Encoder encoder() const { return {name(), {.threads = 2, .execution = std::get<1>(GetParam())}}; }
  // The pooling fixtures' tokenizers are not looked at.
  const text::Tokenizer tokenizer_ =
      text::Tokenizer::load(runner::testing::fixture_path("encoders/bert_mean")).value();
};

TEST_P(Pooling, AVectorHasItsBitsWhateverRunsBesideIt) {
  const auto texts = texts_of(name());
  Encoder encoder = this->encoder();
  std::vector<std::vector<float>> alone;
  alone.reserve(texts.size());
  for (const Text& text : texts) alone.push_back(encoder.run(std::span(&text, 1))[0]);
  std::mt19937 random(5);
  for (auto* make : {packed, padded}) {
    auto generator = Generator::create(encoder.runner(), tokenizer_, make(), kOptions).value();
    Recorder recorder;
    std::map<RequestId, size_t> text_of;
    for (RequestId id = 1; id <= 60; ++id) {
      text_of[id] = random() % texts.size();
      ASSERT_TRUE(generator->submit(id, request_of(texts[text_of[id]])));
      if (random() % 4 == 0) {
        ASSERT_TRUE(generator->step(recorder));
      }
      if (random() % 9 == 0 && generator->abort(id, recorder)) text_of.erase(id);
    }
    while (generator->step(recorder).value()) {
    }
    EXPECT_EQ(recorder.finished.size(), 60u);
    for (const auto& [id, text] : text_of) {
      EXPECT_EQ(recorder.outcomes[id].output.pooled, alone[text]) << "request " << id;
    }
    EXPECT_EQ(generator->blocks_in_use(), 0);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, Pooling,
    ::testing::Combine(::testing::Values("encoders/bert_mean", "encoders/bert_reranker",
                                         "encoders/xlmr_mean", "encoders/mpnet_mean"),
                       ::testing::Values(backend::Execution::kEager,
                                         backend::Execution::kCompiled)));

class PoolingChecks : public ::testing::Test {
 protected:
  Status submit(Request request) {
    auto generator = Generator::create(encoder_.runner(), tokenizer_, packed(), kOptions).value();
    return generator->submit(1, std::move(request));
  }
  std::string refusal(Request request) {
    const Status status = submit(std::move(request));
    return status ? "accepted" : status.error().message;
  }

  Encoder encoder_{"encoders/bert_mean", {}};
  const text::Tokenizer tokenizer_ =
      text::Tokenizer::load(runner::testing::fixture_path("encoders/bert_mean")).value();
};

TEST_F(PoolingChecks, RequestsThatDoNotFitTheModelAreRefused) {
  EXPECT_EQ(refusal({.prompt = {1, 2}, .pooling = PoolingInputs{}}), "accepted");
  EXPECT_THAT(refusal({.prompt = {1, 2}}), HasSubstr("the model gives vectors"));
  EXPECT_THAT(refusal({.prompt = {}, .pooling = PoolingInputs{}}), HasSubstr("prompt"));
  EXPECT_THAT(refusal({.prompt = {1 << 20}, .pooling = PoolingInputs{}}),
              HasSubstr("wanted an id"));
  EXPECT_THAT(refusal({.prompt = {1, 2}, .pooling = PoolingInputs{{0}}}),
              HasSubstr("token types: wanted one for each of 2 tokens, found 1"));
  EXPECT_THAT(refusal({.prompt = {1, 2}, .pooling = PoolingInputs{{0, 2}}}),
              HasSubstr("token types: wanted 0 to 1, found 2"));
  EXPECT_THAT(refusal({.prompt = std::vector<int32_t>(97, 5), .pooling = PoolingInputs{}}),
              HasSubstr("a text of 97 tokens: wanted at most 96"));
}

TEST_F(PoolingChecks, WarmUpRunsWholeTexts) {
  const std::vector<model::StepShape> programs = {{.rows = 64, .sequences = 64, .output_rows = 64},
                                                  {.rows = 300, .sequences = 4, .output_rows = 4}};
  EXPECT_TRUE(warm_up_programs(encoder_.runner(), programs, {},
                               [](const WarmupProgress&) { return true; }));
}

}  // namespace
}  // namespace spyre::engine::testing
