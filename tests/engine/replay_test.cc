// Replays: the rows, with a scheduler alone and with a model behind it.
#include "engine/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "engine/engine_fixture.h"
#include "schedule/reserving.h"
#include "schedule/static_batching.h"

namespace spyre::engine::testing {
namespace {

constexpr const char* kModel = "decoders/llama";
const std::vector<schedule::Shape> kShapes = {
    {.prompt_tokens = 64, .new_tokens = 6, .batch_size = 1},
    {.prompt_tokens = 64, .new_tokens = 4, .batch_size = 2}};
const std::string kTrace = R"({"id":"a","prompt_tokens":5,"max_tokens":2}
{"id":"b","prompt_tokens":7,"max_tokens":4}
{"id":"c","prompt_tokens":3,"max_tokens":6,"arrival_step":1}
{"id":"misfit","prompt_tokens":65,"max_tokens":1,"arrival_step":2}
{"id":"d","prompt_tokens":1,"arrival_step":13}
)";

std::unique_ptr<schedule::Scheduler> static_scheduler() {
  return schedule::StaticBatching::create({.shapes = kShapes}).value();
}

std::vector<Json> lines_of(const std::string& trace, ReplayTarget& target) {
  std::vector<Json> lines;
  const auto requests = parse_trace(trace).value();
  const Status status = replay(
      requests, target, [&](const Json& line) { lines.push_back(line); }, [] { return false; });
  EXPECT_TRUE(status) << status.error().message;
  return lines;
}

std::string text_of(const std::vector<Json>& lines) {
  std::string text;
  for (const Json& line : lines) text += line.dump() + "\n";
  return text;
}

// A new golden file is what this test prints when the old one is gone.
TEST(Replay, RowsAreThoseOfTheGoldenFile) {
  const auto target = schedule_only_target(static_scheduler());
  std::ifstream file(SPYRE_SOURCE_DIR "/tests/golden/schedule/static_replay.jsonl");
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(text_of(lines_of(kTrace, *target)), golden.str());
}

TEST(Replay, AModelTakesTheSameSteps) {
  EngineFixture engine(kModel, {.shapes = kShapes});
  const auto make = [&](const TraceRequest&, std::vector<int32_t> prompt,
                        int64_t max_tokens) -> Result<Request> {
    Request request = engine.request(0, max_tokens);
    request.prompt = std::move(prompt);
    return request;
  };
  const auto with_model =
      generator_target(engine.generator(), engine.model().runner().vocab_size(), make);
  const auto alone = schedule_only_target(static_scheduler());
  std::vector<Json> rows = lines_of(kTrace, *with_model);
  std::vector<Json> expected = lines_of(kTrace, *alone);
  ASSERT_EQ(rows.size(), expected.size());
  for (size_t i = 0; i + 1 < rows.size(); ++i) EXPECT_EQ(rows[i], expected[i]);
  for (const auto& [id, result] : rows.back()["results"].items()) {
    const Json& dummy = expected.back()["results"][id];
    EXPECT_EQ(result["token_ids"].size(), dummy["token_ids"].size());
    EXPECT_NE(result["token_ids"], dummy["token_ids"]);
    EXPECT_EQ(result["finish_reason"], dummy["finish_reason"]);
  }
}

TEST(Replay, RealPromptsGiveRealTokens) {
  EngineFixture engine(kModel, {.max_num_seqs = 2});
  const auto make = [&](const TraceRequest& request, std::vector<int32_t> prompt,
                        int64_t max_tokens) -> Result<Request> {
    if (request.id == "bad") return error(Code::kInvalidArgument, "top_p: wanted another");
    Request made = engine.request(0, max_tokens);
    made.prompt = std::move(prompt);
    if (request.n > 1) {
      made.params.n = request.n;
      made.params.temperature = 1;
    }
    return made;
  };
  const auto target =
      generator_target(engine.generator(), engine.model().runner().vocab_size(), make);
  const Json ids = engine.prompt(1);
  const std::vector<Json> lines =
      lines_of(fmt::format(R"({{"id":"0","prompt_token_ids":{0},"max_tokens":24}}
{{"id":"bad","prompt_token_ids":{0},"max_tokens":24}}
{{"id":"n","prompt_token_ids":{0},"max_tokens":3,"n":2}}
{{"id":"endless","prompt_tokens":9007199254740992,"max_tokens":1}}
{{"id":"unknown","prompt_token_ids":[999999],"max_tokens":1}})",
                           ids.dump()),
               *target);
  const Json& results = lines.back()["results"];
  EXPECT_EQ(results["0"]["token_ids"].get<std::vector<int32_t>>(), engine.greedy(1));
  EXPECT_EQ(results["0"]["finish_reason"], "length");
  EXPECT_EQ(results["n"]["choices"].size(), 2u);
  EXPECT_EQ(results.size(), 2u);
  std::vector<std::string> rejected;
  for (const Json& each : lines[0]["rejected"]) rejected.push_back(each["id"]);
  EXPECT_THAT(rejected, ::testing::ElementsAre("bad", "endless", "unknown"));
  EXPECT_EQ(lines[1]["shape"], nullptr);
}

TEST(Replay, AnEmptyTraceIsOneIdleRow) {
  const auto target = schedule_only_target(static_scheduler());
  const auto lines = lines_of("", *target);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0]["kind"], "idle");
  EXPECT_EQ(lines[1].dump(), R"({"results":{}})");
}

TEST(Replay, EndsWhenAskedTo) {
  const auto target = schedule_only_target(static_scheduler());
  const auto requests = parse_trace(kTrace).value();
  int steps = 0;
  const Status status = replay(requests, *target, [](const Json&) {}, [&] { return ++steps == 3; });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kCancelled);
}

TEST(Replay, OfflineBatchingHasNoShape) {
  const auto target = schedule_only_target(
      schedule::Reserving::create(
          {.max_sequences = 2, .kv_blocks = 8, .max_model_len = 128, .prompt_chunk_tokens = 64})
          .value());
  const auto lines = lines_of(R"({"id":"0","prompt_tokens":100,"max_tokens":2})", *target);
  // Two chunks, one decode, the end.
  ASSERT_EQ(lines.size(), 5u);
  EXPECT_EQ(lines[1]["kind"], "prefill");
  EXPECT_EQ(lines[1]["outputs"].size(), 0u);
  EXPECT_EQ(lines[2]["outputs"][0], "0");
  EXPECT_EQ(lines[3]["finished"][0], "0");
}

}  // namespace
}  // namespace spyre::engine::testing
