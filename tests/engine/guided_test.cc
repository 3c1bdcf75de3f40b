// Answers that follow a grammar: alone = beside free ones, together with everything else that a
// request may ask for, and always of the form that was asked for.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "engine/engine_fixture.h"
#include "engine/random_schema.h"

namespace spyre::engine::testing {
namespace {

using ::testing::HasSubstr;
using text::GrammarKind;

constexpr const char* kModel = "decoders/llama";

class GuidedEngine {
 public:
  explicit GuidedEngine(const EngineSettings& settings = {})
      : engine_(kModel, settings),
        compiler_(engine_.tokenizer(), engine_.model().runner().vocab_size(),
                  engine_.tokenizer().stop_ids()) {}

  EngineFixture* operator->() { return &engine_; }

  Request free(size_t prompt, int64_t max_tokens = 24) {
    Request request = engine_.request(prompt, max_tokens);
    request.params.ignore_eos = false;
    request.params.eos_token_ids = engine_.tokenizer().stop_ids();
    return request;
  }
  // Sampled, so that a model of random weights ends some day.
  Request guided(size_t prompt, const text::GrammarSpec& spec, uint64_t seed) {
    Request request = free(prompt, 1000);
    request.params.temperature = 1.2f;
    request.params.seed = static_cast<int64_t>(seed);
    auto grammar = compiler_.compile(spec);
    if (!grammar) ADD_FAILURE() << grammar.error().message << "\n" << spec.text;
    if (grammar) request.grammar = *grammar;
    return request;
  }

 private:
  EngineFixture engine_;
  text::GrammarCompiler compiler_;
};

const text::GrammarSpec kChoice{.kind = GrammarKind::kChoice,
                                .text = R"(["yes", "no", "perhaps"])"};
const text::GrammarSpec kRegex{.kind = GrammarKind::kRegex, .text = "[a-c]{2,9}-[0-9]+!"};
const text::GrammarSpec kEbnf{.kind = GrammarKind::kGrammar,
                              .text = "root ::= \"(\" root \")\" | [xy] | \"zz\""};
const text::GrammarSpec kJson{
    .kind = GrammarKind::kJsonSchema,
    .text = R"({"type": "object", "properties": {"n": {"type": "integer", "minimum": 0,
                "maximum": 99}, "t": {"type": "string", "maxLength": 5}}, "required": ["n", "t"],
                "additionalProperties": false})",
    .no_whitespace = true};

bool fits(const text::GrammarSpec& spec, const std::string& text) {
  switch (spec.kind) {
    case GrammarKind::kChoice:
      return text == "yes" || text == "no" || text == "perhaps";
    case GrammarKind::kRegex:
      return std::regex_match(text, std::regex(spec.text));
    case GrammarKind::kGrammar:
      return std::regex_match(text, std::regex("\\(*([xy]|zz)\\)*"));
    case GrammarKind::kJsonSchema:
    case GrammarKind::kTags:
      break;
  }
  const Json json = Json::parse(text, nullptr, false);
  return json.is_object() && json.size() == 2 && json["n"].is_number_integer() &&
         json["t"].is_string();
}

void expect_same(const Completion& one, const Completion& other) {
  EXPECT_EQ(one.token_ids, other.token_ids);
  EXPECT_EQ(one.text, other.text);
  EXPECT_EQ(one.finish_reason, other.finish_reason);
  EXPECT_EQ(one.cumulative_logprob, other.cumulative_logprob);
  EXPECT_EQ(one.logprobs.size(), other.logprobs.size());
  for (size_t i = 0; i < std::min(one.logprobs.size(), other.logprobs.size()); ++i) {
    EXPECT_EQ(one.logprobs[i].logprob, other.logprobs[i].logprob);
  }
}

class GuidedModes : public ::testing::TestWithParam<EngineSettings> {};

TEST_P(GuidedModes, AloneIsBesideFreeOnes) {
  GuidedEngine engine(GetParam());
  const text::GrammarSpec* const kSpecs[] = {&kChoice, nullptr, &kRegex, &kJson, nullptr, &kEbnf};
  std::vector<Request> requests;
  for (uint64_t i = 0; i < 12; ++i) {
    const text::GrammarSpec* const spec = kSpecs[i % std::size(kSpecs)];
    requests.push_back(spec == nullptr ? engine.free(i % 2, 20) : engine.guided(i % 2, *spec, i));
    requests.back().params.max_tokens = 40;
    if (i % 3 == 0) requests.back().params.logprobs = 2;
  }
  auto together = engine->run(requests);
  int stopped = 0;
  for (size_t i = 0; i < requests.size(); ++i) {
    SCOPED_TRACE(i);
    const Outcome& outcome = together.at(i);
    ASSERT_FALSE(outcome.output.error) << outcome.output.error->message;
    const Completion& mine = outcome.output.completions[0];
    expect_same(mine, engine->run_one(requests[i]).output.completions[0]);
    EXPECT_EQ(outcome.streamed.at(0), mine.text);
    const text::GrammarSpec* const spec = kSpecs[i % std::size(kSpecs)];
    if (spec == nullptr || mine.finish_reason != sample::FinishReason::kStop) continue;
    ++stopped;
    EXPECT_TRUE(fits(*spec, mine.text)) << mine.text;
  }
  EXPECT_GE(stopped, 4);
}

INSTANTIATE_TEST_SUITE_P(
    Engines, GuidedModes,
    ::testing::Values(EngineSettings{}, EngineSettings{.max_num_seqs = 3, .prefill_rows = 5},
                      EngineSettings{
                          .shapes = {{.prompt_tokens = 64, .new_tokens = 60, .batch_size = 4}}},
                      EngineSettings{.speculation = Speculation{}},
                      EngineSettings{.execution = backend::Execution::kCompiled}));

TEST(Guided, RandomSchemasAreKept) {
  GuidedEngine engine({.max_num_seqs = 8});
  std::mt19937_64 random(5);
  int ended = 0;
  for (int round = 0; round < 12; ++round) {
    std::vector<Json> schemas;
    std::vector<Request> requests;
    for (uint64_t i = 0; i < 8; ++i) {
      schemas.push_back(random_schema(random, 2));
      requests.push_back(engine.guided(i % 2,
                                       {.kind = GrammarKind::kJsonSchema,
                                        .text = schemas.back().dump(),
                                        .no_whitespace = i % 2 == 0},
                                       random() >> 1));
    }
    auto outcomes = engine->run(std::move(requests));
    for (size_t i = 0; i < schemas.size(); ++i) {
      SCOPED_TRACE(schemas[i].dump());
      const RequestOutput& output = outcomes.at(i).output;
      ASSERT_FALSE(output.error) << output.error->message;
      if (output.completions[0].finish_reason != sample::FinishReason::kStop) continue;
      ++ended;
      const Json value = Json::parse(output.completions[0].text, nullptr, false);
      EXPECT_TRUE(validates(value, schemas[i])) << output.completions[0].text;
    }
  }
  EXPECT_GT(ended, 40);
}

TEST(Guided, EachChoiceGoesItsOwnWay) {
  GuidedEngine engine;
  Request request = engine.guided(1, kChoice, 3);
  request.params.n = 6;
  const Outcome outcome = engine->run_one(request);
  ASSERT_EQ(outcome.output.completions.size(), 6u);
  for (const Completion& each : outcome.output.completions) {
    EXPECT_TRUE(fits(kChoice, each.text)) << each.text;
    EXPECT_EQ(each.finish_reason, sample::FinishReason::kStop);
  }
  request.params.n = 1;
  expect_same(engine->run_one(request).output.completions[0], outcome.output.completions[0]);
}

TEST(Guided, GreedyTakesTheLikeliestThatIsAllowed) {
  GuidedEngine engine;
  Request request = engine.guided(0, kChoice, 1);
  request.params.temperature = 0;
  request.params.logprobs = 1;
  const Completion answer = engine->run_one(request).output.completions[0];
  EXPECT_TRUE(fits(kChoice, answer.text)) << answer.text;
  // Log-probabilities are those of the model, not of what was left.
  EXPECT_GT(answer.logprobs[0].rank, 1);
  EXPECT_LT(answer.logprobs[0].logprob, answer.logprobs[0].top[0].logprob);
}

TEST(Guided, WhereNothingMayFollowTheAnswerStops) {
  GuidedEngine engine;
  Request request = engine.guided(0, {.kind = GrammarKind::kRegex, .text = "a"}, 1);
  for (const bool ignore_eos : {false, true}) {
    for (const int64_t min_tokens : {0, 9}) {
      request.params.ignore_eos = ignore_eos;
      request.params.min_tokens = min_tokens;
      const Completion answer = engine->run_one(request).output.completions[0];
      EXPECT_EQ(answer.text, "a");
      EXPECT_EQ(answer.finish_reason, sample::FinishReason::kStop);
      EXPECT_EQ(answer.stop_reason, sample::StopReason{});
    }
  }
  // Also when that is the longest answer.
  request.params.min_tokens = 0;
  request.params.max_tokens = 1;
  EXPECT_EQ(engine->run_one(request).output.completions[0].finish_reason,
            sample::FinishReason::kStop);
}

TEST(Guided, MinTokensHoldsBackTheEnd) {
  GuidedEngine engine;
  Request request = engine.guided(0, {.kind = GrammarKind::kRegex, .text = "[a-d]*"}, 11);
  request.params.min_tokens = 12;
  request.params.max_tokens = 60;
  const Completion answer = engine->run_one(request).output.completions[0];
  EXPECT_GE(answer.token_ids.size(), 12u);
  EXPECT_TRUE(std::regex_match(answer.text, std::regex("[a-d]*"))) << answer.text;
}

TEST(Guided, WithPenaltiesStopsAndBiases) {
  GuidedEngine engine;
  Request request = engine.guided(1, {.kind = GrammarKind::kRegex, .text = "[a-z]{40}"}, 2);
  request.params.repetition_penalty = 1.3f;
  request.params.frequency_penalty = 0.5f;
  const Completion whole = engine->run_one(request).output.completions[0];
  EXPECT_TRUE(std::regex_match(whole.text, std::regex("[a-z]{40}"))) << whole.text;
  request.params.stop = {whole.text.substr(10, 3)};
  const Completion stopped = engine->run_one(request).output.completions[0];
  EXPECT_EQ(stopped.text, whole.text.substr(0, whole.text.find(request.params.stop[0])));
  EXPECT_EQ(std::get<std::string>(stopped.stop_reason), request.params.stop[0]);
}

TEST(Guided, WhatNoTokenFitsFailsThatRequestAlone) {
  GuidedEngine engine;
  Request none = engine.guided(0, kChoice, 1);
  none.params.allowed_token_ids = {engine->tokenizer().stop_ids()[0]};
  auto outcomes = engine->run({none, engine.guided(0, kChoice, 2), engine.free(0)});
  ASSERT_TRUE(outcomes.at(0).output.error);
  EXPECT_THAT(outcomes.at(0).output.error->message, HasSubstr("grammar"));
  EXPECT_TRUE(fits(kChoice, outcomes.at(1).output.completions[0].text));
  EXPECT_FALSE(outcomes.at(2).output.error);
}

TEST(Guided, BeamsAreRefused) {
  GuidedEngine engine;
  Request request = engine.guided(0, kChoice, 1);
  request.beam = {.width = 2, .max_tokens = 4};
  const Status status = engine->generator().submit(1, request);
  ASSERT_FALSE(status);
  EXPECT_THAT(status.error().message, HasSubstr("use_beam_search"));
}

TEST(Guided, AbortsAtAnyTime) {
  GuidedEngine engine({.max_num_seqs = 4});
  std::mt19937 random(9);
  for (int round = 0; round < 30; ++round) {
    Recorder recorder;
    for (RequestId id = 0; id < 6; ++id) {
      ASSERT_TRUE(engine->generator().submit(id, engine.guided(id % 3, kJson, id)));
    }
    for (uint64_t steps = random() % 12; steps > 0; --steps) {
      ASSERT_TRUE(engine->generator().step(recorder));
    }
    for (RequestId id = 0; id < 6; id += 2) engine->generator().abort(id, recorder);
    while (engine->generator().step(recorder).value()) {
    }
    for (RequestId id = 1; id < 6; id += 2) {
      const Completion& answer = recorder.outcomes[id].output.completions[0];
      if (answer.finish_reason == sample::FinishReason::kStop) {
        EXPECT_TRUE(fits(kJson, answer.text)) << answer.text;
      }
    }
  }
  EXPECT_EQ(engine->generator().blocks_in_use(), 0);
}

}  // namespace
}  // namespace spyre::engine::testing
