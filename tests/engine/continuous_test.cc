// Continuous batching on a model: random workloads in every mode, on both backends; each request's
// answer is the one that it gets alone, bit for bit, whoever joins, leaves, pauses or is preempted.
#include <gtest/gtest.h>

#include <random>

#include "engine/engine_fixture.h"
#include "engine/observer_log.h"
#include "schedule/chunked_batching.h"
#include "schedule/legacy_batching.h"
#include "schedule/mixed_batching.h"
#include "schedule/seed_batching.h"

namespace spyre::engine::testing {
namespace {

using schedule::ContinuousLimits;

constexpr int64_t kModelLen = 256;

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  int64_t from(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }
  int32_t token() { return static_cast<int32_t>(from(3, 300)); }
  bool once_in(int64_t times) { return from(1, times) == 1; }

 private:
  std::mt19937_64 engine_;
};

enum class Mode { kSeed, kLegacy, kChunked, kMixed };
constexpr std::array kModes = {Mode::kSeed, Mode::kLegacy, Mode::kChunked, Mode::kMixed};

// A scheduler with random settings, tight enough for everything that it can do to happen.
std::unique_ptr<schedule::Scheduler> random_scheduler(Mode mode, Dice& dice, int64_t kv_blocks,
                                                      int64_t max_model_len) {
  ContinuousLimits limits = {
      .max_num_seqs = dice.from(2, 4), .max_model_len = max_model_len, .kv_blocks = kv_blocks};
  const int64_t fewest = max_model_len / schedule::kBlockTokens;
  const int64_t spare = mode == Mode::kMixed ? 3 : 8;
  if (mode != Mode::kSeed) limits.kv_blocks = std::min(kv_blocks, fewest + dice.from(0, spare));
  const int64_t volume = max_model_len * dice.from(1, limits.max_num_seqs);
  switch (mode) {
    case Mode::kSeed:
      return schedule::SeedBatching::create({.limits = limits, .drop_padding = dice.once_in(2)})
          .value();
    case Mode::kLegacy:
      return schedule::LegacyBatching::create(
                 {.limits = limits, .volume_limit = volume, .drop_padding = !dice.once_in(4)})
          .value();
    case Mode::kChunked:
      return schedule::ChunkedBatching::create({.limits = limits,
                                                .chunk_tokens = 64 * dice.from(1, 3),
                                                .volume_limit = volume,
                                                .interleave = !dice.once_in(4),
                                                .pausing = !dice.once_in(4),
                                                .long_outputs = dice.once_in(2),
                                                .prefix_caching = !dice.once_in(4)})
          .value();
    case Mode::kMixed:
      return schedule::MixedBatching::create(
                 {.limits = limits,
                  .token_budget = dice.from(8, 200),
                  .itl_target_s = dice.once_in(2) ? std::optional(0.0) : std::nullopt,
                  .by_priority = dice.once_in(2),
                  .prefix_caching = !dice.once_in(4)})
          .value();
  }
  return nullptr;
}

// One of few beginnings, so that blocks can be shared, and a tail of its own.
std::vector<int32_t> random_prompt(Dice& dice) {
  std::vector<int32_t> prompt;
  std::mt19937 beginning(static_cast<uint32_t>(dice.from(0, 2)));
  for (int64_t left = dice.from(0, 150); left > 0; --left) {
    prompt.push_back(static_cast<int32_t>(3 + beginning() % 300));
  }
  for (int64_t left = dice.from(1, 20); left > 0; --left) {
    prompt.push_back(dice.token());
  }
  return prompt;
}

// What an answer has to look like, mostly nothing.
std::shared_ptr<const text::Grammar> random_grammar(Dice& dice, text::GrammarCompiler& compiler) {
  using text::GrammarKind;
  const text::GrammarSpec kSpecs[] = {
      {.kind = GrammarKind::kRegex, .text = "[a-d ]{1,70}"},
      {.kind = GrammarKind::kGrammar, .text = "root ::= \"(\" root \")\" | [x-z]+"},
      {.kind = GrammarKind::kJsonSchema, .text = R"({"type": "object"})", .no_whitespace = true}};
  if (!dice.once_in(5)) return nullptr;
  return compiler.compile(kSpecs[dice.from(0, 2)]).value();
}

// longest: answer that every mode admits, whatever its padding.
Request random_request(Dice& dice, int64_t longest, text::GrammarCompiler& compiler) {
  Request request{.prompt = random_prompt(dice), .priority = dice.from(0, 2)};
  request.params.max_tokens = dice.from(1, longest);
  request.params.ignore_eos = true;
  request.params.temperature = dice.once_in(2) ? 0.0f : 0.8f;
  request.params.seed = dice.from(0, 3);
  if (dice.once_in(3)) request.params.logprobs = 2;
  if (dice.once_in(6)) request.params.prompt_logprobs = 1;
  if (dice.once_in(5)) request.params.repetition_penalty = 1.2f;
  if (dice.once_in(5)) request.params.stop_token_ids = {dice.token(), dice.token()};
  if (dice.once_in(6)) request.cache_salt = "salt";
  request.grammar = random_grammar(dice, compiler);
  return request;
}

void expect_same(const RequestOutput& together, const RequestOutput& alone, bool aborted) {
  ASSERT_FALSE(together.error) << together.error->message;
  const Completion& a = together.completions.at(0);
  const Completion& b = alone.completions.at(0);
  if (aborted) {
    ASSERT_LE(a.token_ids.size(), b.token_ids.size());
    EXPECT_TRUE(std::ranges::equal(a.token_ids, std::span(b.token_ids).first(a.token_ids.size())));
    return;
  }
  EXPECT_EQ(a.token_ids, b.token_ids);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.cumulative_logprob, b.cumulative_logprob);
  EXPECT_EQ(a.finish_reason, b.finish_reason);
  ASSERT_EQ(a.logprobs.size(), b.logprobs.size());
  for (size_t i = 0; i < a.logprobs.size(); ++i) {
    EXPECT_EQ(a.logprobs[i].logprob, b.logprobs[i].logprob);
  }
  ASSERT_EQ(together.prompt_logprobs.size(), alone.prompt_logprobs.size());
  for (size_t i = 0; i < alone.prompt_logprobs.size(); ++i) {
    EXPECT_EQ(together.prompt_logprobs[i].logprob, alone.prompt_logprobs[i].logprob);
  }
}

struct Workload {
  std::vector<Request> requests;
  std::vector<int64_t> arrivals;               // steps
  std::vector<std::optional<int64_t>> aborts;  // steps
};

Workload random_workload(Mode mode, Dice& dice, text::GrammarCompiler& compiler) {
  const int64_t longest = mode == Mode::kMixed ? 80 : 44;
  Workload workload;
  const int64_t count = dice.from(3, 7);
  for (int64_t i = 0; i < count; ++i) {
    workload.requests.push_back(random_request(dice, longest, compiler));
    workload.arrivals.push_back(dice.once_in(2) ? 0 : dice.from(0, 40));
    workload.aborts.emplace_back();
    if (dice.once_in(7)) workload.aborts.back() = workload.arrivals.back() + dice.from(0, 20);
  }
  return workload;
}

Recorder run(Generator& generator, const Workload& workload) {
  Recorder recorder;
  const size_t count = workload.requests.size();
  for (int64_t step = 0; recorder.finished.size() < count; ++step) {
    SPYRE_CHECK(step < 5000);  // nobody waits for ever
    for (size_t i = 0; i < count; ++i) {
      if (workload.arrivals[i] == step) {
        const Status status = generator.submit(i, workload.requests[i]);
        if (!status) recorder.on_finished(i, {.error = status.error()});
      }
      if (workload.aborts[i] == step) generator.abort(i, recorder);
    }
    SPYRE_CHECK(generator.step(recorder).has_value());
  }
  generator.step(recorder).value();  // frees what the last ones had
  return recorder;
}

struct Case {
  const char* model;
  backend::Execution execution;
  int workloads;  // of each mode
};

class ContinuousBatches : public ::testing::TestWithParam<Case> {};

TEST_P(ContinuousBatches, EveryAnswerIsTheOneThatItsRequestGetsAlone) {
  EngineFixture alone(GetParam().model, {.max_model_len = kModelLen});
  // All generators run on this one's model.
  EngineFixture engine(GetParam().model,
                       {.max_model_len = kModelLen, .execution = GetParam().execution});
  text::GrammarCompiler compiler(engine.tokenizer(), engine.model().runner().vocab_size(),
                                 engine.tokenizer().stop_ids());
  int64_t preemptions = 0;
  int64_t pauses = 0;
  int64_t hits = 0;
  for (const Mode mode : kModes) {
    for (int i = 0; i < GetParam().workloads; ++i) {
      SCOPED_TRACE(fmt::format("mode {}, workload {}", static_cast<int>(mode), i));
      Dice dice(static_cast<uint64_t>(i * 4 + static_cast<int>(mode)));
      const Workload workload = random_workload(mode, dice, compiler);
      const auto generator = engine.make_generator(
          {.max_num_seqs = 4,
           .prefill_rows = dice.once_in(2) ? 32 : kPrefillRows,
           .make_scheduler =
               [&](int64_t kv_blocks, int64_t max_model_len) {
                 return random_scheduler(mode, dice, kv_blocks, max_model_len);
               },
           .mixed = mode == Mode::kMixed,
           // Rows that are ahead of the others have no place where all are equally long.
           .speculation = mode >= Mode::kChunked && dice.once_in(3) ? std::optional(Speculation{})
                                                                    : std::nullopt});
      ObserverLog log;
      generator->set_observer(&log);
      Recorder recorder = run(*generator, workload);
      EXPECT_EQ(generator->blocks_in_use(), 0);
      for (size_t r = 0; r < workload.requests.size(); ++r) {
        SCOPED_TRACE(r);
        expect_same(recorder.outcomes.at(r).output, alone.run_one(workload.requests[r]).output,
                    workload.aborts[r].has_value());
      }
      for (const StepReport& step : log.steps) {
        preemptions += step.preemptions;
        pauses += step.pauses;
        hits += step.prefix.hits;
      }
      if (HasFailure()) return;
    }
  }
  // All of it happened.
  EXPECT_GT(preemptions, 0);
  EXPECT_GT(pauses, 0);
  EXPECT_GT(hits, 0);
}

constexpr auto kEager = backend::Execution::kEager;
constexpr auto kCompiled = backend::Execution::kCompiled;

INSTANTIATE_TEST_SUITE_P(Models, ContinuousBatches,
                         ::testing::Values(Case{"decoders/llama", kEager, 25},
                                           Case{"decoders/llama", kCompiled, 50},
                                           Case{"decoders/gemma3", kEager, 15},
                                           Case{"decoders/mistral", kCompiled, 25},
                                           Case{"decoders/granite_moe", kCompiled, 16}),
                         [](const auto& test) {
                           std::string name = test.param.model;
                           std::ranges::replace(name, '/', '_');
                           return name + (test.param.execution == kEager ? "_eager" : "_compiled");
                         });

}  // namespace
}  // namespace spyre::engine::testing
