// Answers with speculation are those without it, bit for bit, whatever the request asks for and
// whoever runs beside it; and drafts stay within the rows and blocks that were promised.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine_fixture.h"
#include "engine/observer_log.h"
#include "engine/step_shapes.h"

namespace spyre::engine::testing {
namespace {

using backend::Execution;
using schedule::StepKind;

constexpr const char* kModel = "decoders/llama";
const std::vector<schedule::Shape> kShapes = {
    {.prompt_tokens = 128, .new_tokens = 60, .batch_size = 1},
    {.prompt_tokens = 128, .new_tokens = 40, .batch_size = 4}};

// A made-up model does not copy. One that may say few words repeats itself all the time, so some
// drafts are right and some are wrong.
Request chatter(const EngineFixture& engine, size_t prompt, int64_t max_tokens = 40) {
  Request request = engine.request(prompt, max_tokens);
  request.params.allowed_token_ids = {{5, 7, 11}};
  return request;
}

Request sampled(Request request, float temperature, int64_t seed) {
  request.params.temperature = temperature;
  request.params.seed = seed;
  return request;
}

// Everything that looks at tokens one by one.
std::vector<Request> all_kinds(const EngineFixture& engine) {
  std::vector<Request> requests;
  for (const size_t prompt : {0u, 1u, 2u}) {
    requests.push_back(engine.request(prompt, 40));
    requests.push_back(chatter(engine, prompt));
    requests.push_back(sampled(engine.request(prompt, 40), 0.9f, 3));
    requests.push_back(sampled(chatter(engine, prompt), 0.6f, 4));
  }
  const auto add = [&](auto change, bool random = false) {
    Request request = chatter(engine, 1);
    if (random) request = sampled(std::move(request), 0.8f, 17);
    change(request);
    requests.push_back(std::move(request));
  };
  add([](Request& r) { r.params.logprobs = 3; });
  add([](Request& r) { r.params.logprobs = 0; }, true);
  add([](Request& r) { r.params.repetition_penalty = 1.3f; });
  add([](Request& r) { r.params.frequency_penalty = 0.4f; }, true);
  add([](Request& r) { r.params.presence_penalty = -0.5f; }, true);
  add([](Request& r) { r.params.bad_words_token_ids = {{5, 7}, {7, 7, 7}}; }, true);
  add([](Request& r) { r.params.logit_bias = {{5, 2.0f}}; });
  add([](Request& r) { r.params.stop_token_ids = {11}; }, true);
  add([](Request& r) {
    r.params.stop_token_ids = {5, 7};
    r.params.min_tokens = 9;
  });
  add([](Request& r) {
    r.params.eos_token_ids = {7};
    r.params.ignore_eos = false;
    r.params.min_tokens = 5;
  });
  add([](Request& r) { r.params.max_tokens = 1; });
  add([](Request& r) { r.params.max_tokens = 2; });
  add([](Request& r) { r.params.max_tokens = 3; });
  add([](Request& r) { r.params.n = 3; }, true);
  add([](Request& r) { r.params.prompt_logprobs = 1; });
  add(
      [](Request& r) {
        r.params.top_k = 2;
        r.params.top_p = 0.9f;
        r.params.min_p = 0.05f;
      },
      true);
  add([](Request& r) {
    r.beam = {.width = 3, .length_penalty = 1, .max_tokens = 10, .ignore_eos = true};
  });
  return requests;
}

void expect_same(const std::vector<TokenOutput>& found, const std::vector<TokenOutput>& wanted) {
  ASSERT_EQ(found.size(), wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(found[i].id, wanted[i].id);
    EXPECT_EQ(found[i].logprob, wanted[i].logprob);
    EXPECT_EQ(found[i].rank, wanted[i].rank);
    ASSERT_EQ(found[i].top.size(), wanted[i].top.size());
    for (size_t j = 0; j < wanted[i].top.size(); ++j) {
      EXPECT_EQ(found[i].top[j].id, wanted[i].top[j].id);
      EXPECT_EQ(found[i].top[j].logprob, wanted[i].top[j].logprob);
    }
  }
}

void expect_same(const Outcome& found, const Outcome& wanted) {
  ASSERT_FALSE(found.output.error) << found.output.error->message;
  ASSERT_FALSE(wanted.output.error) << wanted.output.error->message;
  ASSERT_EQ(found.output.completions.size(), wanted.output.completions.size());
  for (size_t i = 0; i < wanted.output.completions.size(); ++i) {
    const Completion& a = found.output.completions[i];
    const Completion& b = wanted.output.completions[i];
    EXPECT_EQ(a.token_ids, b.token_ids);
    EXPECT_EQ(a.text, b.text);
    EXPECT_EQ(a.cumulative_logprob, b.cumulative_logprob);
    EXPECT_EQ(a.finish_reason, b.finish_reason);
    EXPECT_EQ(a.stop_reason, b.stop_reason);
    expect_same(a.logprobs, b.logprobs);
  }
  expect_same(found.output.prompt_logprobs, wanted.output.prompt_logprobs);
  EXPECT_EQ(found.streamed, wanted.streamed);
  EXPECT_EQ(found.streamed_tokens, wanted.streamed_tokens);
  EXPECT_EQ(found.streamed_logprobs, wanted.streamed_logprobs);
  EXPECT_EQ(found.ends, wanted.ends);
}

struct Case {
  const char* model;
  Execution execution;
};

class SpeculationEquality : public ::testing::TestWithParam<Case> {};

TEST_P(SpeculationEquality, AnswersAreThoseWithoutIt) {
  const EngineSettings plain{.execution = GetParam().execution};
  EngineFixture engine(GetParam().model, plain);
  const std::vector<Request> requests = all_kinds(engine);
  std::vector<Outcome> wanted;
  wanted.reserve(requests.size());
  for (const Request& each : requests) wanted.push_back(engine.run_one(each));
  for (const bool with_shapes : {false, true}) {
    for (const Speculation& speculation :
         {Speculation{}, Speculation{.draft_tokens = 1, .lookup_max = 2, .lookup_min = 1},
          Speculation{.draft_tokens = 16, .lookup_max = 6, .lookup_min = 1}}) {
      SCOPED_TRACE(fmt::format("{}, drafts of {}", with_shapes ? "static" : "reserving",
                               speculation.draft_tokens));
      EngineSettings settings = plain;
      settings.speculation = speculation;
      if (with_shapes) settings.shapes = kShapes;
      const auto generator = engine.make_generator(settings);
      ObserverLog log;
      generator->set_observer(&log);
      Recorder recorder;
      for (size_t i = 0; i < requests.size(); ++i) {
        ASSERT_TRUE(generator->submit(i, requests[i])) << i;
      }
      while (generator->step(recorder).value()) {
      }
      for (size_t i = 0; i < requests.size(); ++i) {
        SCOPED_TRACE(fmt::format("request {}", i));
        expect_same(recorder.outcomes.at(i), wanted[i]);
      }
      EXPECT_EQ(generator->blocks_in_use(), 0);
      const DraftCounts drafts = log.drafts();
      EXPECT_GT(drafts.accepted_tokens, 20);
      EXPECT_LT(drafts.accepted_tokens, drafts.draft_tokens);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, SpeculationEquality,
                         ::testing::Values(Case{kModel, Execution::kEager},
                                           Case{kModel, Execution::kCompiled},
                                           Case{"decoders/gemma3", Execution::kEager},
                                           Case{"decoders/gemma3", Execution::kCompiled},
                                           Case{"decoders/granite_moe", Execution::kCompiled},
                                           Case{"decoders/opt", Execution::kEager}));

TEST(Speculation, StopStringsEndWhereTheyWould) {
  EngineFixture engine(kModel);
  const auto generator = engine.make_generator({.speculation = Speculation{.lookup_min = 1}});
  const std::string whole = engine.run_one(chatter(engine, 1)).output.completions[0].text;
  ASSERT_GT(whole.size(), 20u);
  for (size_t at = 0; at + 3 < whole.size(); at += 2) {
    for (const bool include : {false, true}) {
      Request request = chatter(engine, 1);
      request.params.stop = {whole.substr(at, 3)};
      request.params.min_tokens = static_cast<int64_t>(at) / 2;
      request.params.include_stop_str_in_output = include;
      Recorder recorder;
      ASSERT_TRUE(generator->submit(0, request));
      while (generator->step(recorder).value()) {
      }
      expect_same(recorder.outcomes.at(0), engine.run_one(request));
    }
  }
}

// A circle fills every draft: rows, blocks and lengths are used to their limits.
TEST(Speculation, StaysWithinRowsBlocksAndLengths) {
  EngineFixture engine(kModel);
  for (const int64_t batch : {1, 3, 8}) {
    const schedule::Shape shape{.prompt_tokens = 64, .new_tokens = 64, .batch_size = batch};
    const Speculation speculation{.draft_tokens = 16, .lookup_min = 1};
    const auto generator = engine.make_generator({.shapes = {shape}, .speculation = speculation});
    ObserverLog log;
    generator->set_observer(&log);
    Recorder recorder;
    Request request = engine.request(1, 64);
    request.params.allowed_token_ids = {{5}};
    for (RequestId id = 0; std::cmp_less(id, batch); ++id) {
      ASSERT_TRUE(generator->submit(id, request));
    }
    int64_t longest_tkv = 0;
    while (generator->step(recorder).value()) {
      longest_tkv = std::max(longest_tkv, generator->snapshot().tkv);
      EXPECT_LE(generator->blocks_in_use(), shape.blocks());
    }
    for (const auto& [id, outcome] : recorder.outcomes) {
      EXPECT_EQ(outcome.output.completions[0].token_ids, std::vector<int32_t>(64, 5));
    }
    EXPECT_EQ(longest_tkv, shape.total_tokens() - 1);
    EXPECT_EQ(generator->blocks_in_use(), 0);
    for (const StepReport& step : log.steps) {
      EXPECT_LE(step.batch_sequences + step.drafts.draft_tokens, verify_rows(batch, 16));
    }
    // All drafts are right, and every token that was drafted is told of.
    const DraftCounts drafts = log.drafts();
    EXPECT_EQ(drafts.accepted_tokens, drafts.draft_tokens);
    EXPECT_GT(drafts.accepted_at[0], drafts.accepted_at[15]);
    EXPECT_EQ(log.generated_tokens(), 64 * batch);
    EXPECT_EQ(log.first_tokens, batch);
    EXPECT_EQ(log.next_tokens, 63 * batch);
    EXPECT_EQ(log.generated_tokens() - drafts.accepted_tokens,
              log.sum(&StepReport::batch_sequences));
    EXPECT_LT(log.count(StepKind::kDecode), batch == 1 ? 10 : 20);
  }
}

TEST(Speculation, AnAbortedRequestKeepsWhatWasMade) {
  EngineFixture engine(kModel, {.speculation = Speculation{}});
  Recorder recorder;
  const Request request = chatter(engine, 1);
  ASSERT_TRUE(engine.generator().submit(0, request));
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(engine.generator().step(recorder).value());
  ASSERT_TRUE(engine.generator().abort(0, recorder));
  const auto made = recorder.outcomes[0].output.completions[0].token_ids;
  EXPECT_GE(made.size(), 9u);
  EXPECT_EQ(engine.generator().blocks_in_use(), 0);
  const auto whole = engine.run_one(request).output.completions[0].token_ids;
  EXPECT_TRUE(std::equal(made.begin(), made.end(), whole.begin()));
}

TEST(Speculation, WithoutItNothingIsDrafted) {
  EngineFixture engine(kModel);
  ObserverLog log;
  engine.generator().set_observer(&log);
  engine.run_one(chatter(engine, 1));
  EXPECT_EQ(log.drafts().drafts, 0);
}

}  // namespace
}  // namespace spyre::engine::testing
