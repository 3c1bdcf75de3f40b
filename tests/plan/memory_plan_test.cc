// The parts of a plan are what a runner takes; the verdict follows from them.
#include "plan/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/fixture.h"
#include "runner/model_runner.h"

namespace spyre::plan {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::open_fixture;

constexpr int64_t kTokens = 128;
constexpr int64_t kBlocks = 6;
const std::vector<model::StepShape> kPrograms = {{.rows = 64, .sequences = 2, .output_rows = 4},
                                                 {.rows = 2, .sequences = 2, .output_rows = 2}};

MemoryRequest request_of(const testing::Opened& opened) {
  return {.checkpoint = *opened.checkpoint,
          .precision = opened.precision,
          .max_model_len = kTokens,
          .kv_blocks = kBlocks,
          .programs = kPrograms,
          .threads = 2,
          .available_bytes = int64_t{1} << 30,
          .kv_bytes_allowed = {}};
}

TEST(MemoryPlan, IsWhatTheRunnerTakes) {
  for (const char* name : {"decoders/llama_tied", "decoders/granite_moe", "quantised/gptq",
                           "gguf/gguf_kquant/model.gguf"}) {
    const auto opened = open_fixture(name);
    const MemoryPlan plan = plan_memory(request_of(opened)).value();
    const auto pool = ThreadPool::create({-1, -1}).value();
    const auto runner =
        runner::ModelRunner::load(
            *opened.checkpoint,
            {.precision = opened.precision, .max_model_len = kTokens, .kv_blocks = kBlocks}, *pool,
            [](int64_t, int64_t) { return true; })
            .value();
    for (const model::StepShape& program : kPrograms) ASSERT_TRUE(runner->prepare(program));
    EXPECT_EQ(plan.parts[0].bytes, runner->weight_bytes()) << name;
    EXPECT_EQ(plan.parts[1].bytes, kBlocks * runner->kv_cache().shape().block_bytes()) << name;
    EXPECT_EQ(plan.parts[2].bytes, runner->scratch_bytes()) << name;
    EXPECT_EQ(weight_bytes(*opened.checkpoint, opened.precision, kTokens).value(),
              runner->weight_bytes())
        << name;
    EXPECT_TRUE(plan.fits());
  }
}

TEST(MemoryPlan, PrintsPartsAndVerdict) {
  const auto opened = open_fixture("decoders/llama");
  const MemoryPlan plan = plan_memory(request_of(opened)).value();
  EXPECT_THAT(text(plan), AllOf(HasSubstr("weights"), HasSubstr("6 blocks of 64 tokens"),
                                HasSubstr("the largest of 2 programs, 2 threads"),
                                HasSubstr("estimate"), HasSubstr("fits: 1.07 GB")));
  const Json json = to_json(plan);
  EXPECT_TRUE(json["fits"]);
  EXPECT_EQ(json["parts"].size(), plan.parts.size());
  EXPECT_EQ(json["total_bytes"], total_bytes(plan.parts));
  EXPECT_FALSE(json.contains("kv_bytes_allowed"));
  EXPECT_TRUE(check_fits(plan, "x"));
}

TEST(MemoryPlan, TooLittleMemoryIsARefusalWithNumbers) {
  const auto opened = open_fixture("decoders/llama");
  MemoryRequest request = request_of(opened);
  request.available_bytes = 1'000'000;
  const MemoryPlan plan = plan_memory(request).value();
  EXPECT_FALSE(plan.fits());
  const Status refused = check_fits(plan, "--max-num-seqs");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kResourceExhausted);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("KV cache"), HasSubstr("1.0 MB of memory are there"),
                    HasSubstr("lower --max-num-seqs")));
}

TEST(MemoryPlan, ExactlyEnoughIsEnough) {
  const auto opened = open_fixture("decoders/llama");
  MemoryRequest request = request_of(opened);
  request.available_bytes = total_bytes(plan_memory(request).value().parts);
  EXPECT_TRUE(plan_memory(request).value().fits());
  --request.available_bytes;
  EXPECT_FALSE(plan_memory(request).value().fits());
}

TEST(MemoryPlan, AShareOfTheMemoryMayBeTaken) {
  EXPECT_EQ(usable_bytes(1'000, 0.5), 500);
  EXPECT_EQ(usable_bytes(999, 0.5), 499);
  EXPECT_EQ(usable_bytes((int64_t{1} << 40) + 1, 1), (int64_t{1} << 40) + 1);

  const auto opened = open_fixture("decoders/llama");
  MemoryRequest request = request_of(opened);
  request.available_bytes = 2 * total_bytes(plan_memory(request).value().parts);
  request.utilization = 0.5;
  const MemoryPlan enough = plan_memory(request).value();
  EXPECT_TRUE(enough.fits());
  EXPECT_THAT(text(enough), HasSubstr("may be taken (--gpu-memory-utilization 0.5 of "));
  EXPECT_EQ(to_json(enough)["usable_bytes"], request.available_bytes / 2);
  EXPECT_EQ(to_json(enough)["available_bytes"], request.available_bytes);
  request.utilization = 0.49;
  EXPECT_THAT(check_fits(plan_memory(request).value(), "x").error().message,
              AllOf(HasSubstr("--gpu-memory-utilization 0.49"), HasSubstr("too few")));
}

TEST(MemoryPlan, TheKvCacheHasALimitOfItsOwn) {
  const auto opened = open_fixture("decoders/llama");
  MemoryRequest request = request_of(opened);
  request.kv_bytes_allowed = plan_memory(request).value().kv_bytes;
  EXPECT_TRUE(plan_memory(request).value().fits());
  --*request.kv_bytes_allowed;
  const MemoryPlan plan = plan_memory(request).value();
  EXPECT_THAT(check_fits(plan, "x").error().message, HasSubstr("--kv-cache-memory-bytes allows"));
  EXPECT_EQ(to_json(plan)["kv_bytes_allowed"], *request.kv_bytes_allowed);
  EXPECT_FALSE(to_json(plan)["fits"]);
}

}  // namespace
}  // namespace spyre::plan
