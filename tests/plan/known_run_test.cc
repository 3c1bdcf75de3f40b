#include "plan/known_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/fixture.h"
#include "plan/known_memory.h"
#include "plan/memory_plan.h"
#include "runner/kv_shape.h"

namespace spyre::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

KnownModels catalogue(std::string_view text) {
  auto known = parse_known_models(text, "known.yaml");
  EXPECT_TRUE(known) << known.error().message;
  return known.value_or(KnownModels{});
}

constexpr std::string_view kTwoModels = R"(
models:
  plain:
    architecture: {model_type: granite, vocab_size: 7}
    static_batching_configs:
      - tp_size: 1
        warmup_shapes:
          - {prompt_len: 64, new_tokens: 20, batch_size: 4}
          - {prompt_len: 128, batch_size: 2}
    continuous_batching_configs:
      - tp_size: 4
        max_model_len: 8192
        max_num_seqs: 32
        device_config: {env_vars: {A: 5}, num_gpu_blocks_override: 9}
      - {tp_size: 1, max_model_len: 8192, max_num_seqs: 32}
  quantised:
    architecture: {model_type: granite, vocab_size: 7, quantization_config: {format: f8}}
    continuous_batching_configs:
      - {tp_size: 1, max_model_len: 64, max_num_seqs: 1}
)";

Json fields(std::string_view more = "{}") {
  Json json = {{"model_type", "granite"}, {"vocab_size", 7}, {"hidden_size", 3}};
  json.update(Json::parse(more));
  return json;
}

TEST(KnownRun, PatternsMatchFieldByField) {
  EXPECT_TRUE(matches(Json::parse(R"({"a":1,"b":{"c":"x"}})"),
                      Json::parse(R"({"a":1,"b":{"c":"x","d":2},"e":3})")));
  EXPECT_TRUE(matches(Json::parse(R"({"a":1})"), Json::parse(R"({"a":1.0})")));
  EXPECT_FALSE(matches(Json::parse(R"({"a":1})"), Json::parse(R"({"a":"1"})")));
  EXPECT_FALSE(matches(Json::parse(R"({"a":1})"), Json::parse(R"({"b":1})")));
  EXPECT_FALSE(matches(Json::parse(R"({"b":{"c":1}})"), Json::parse(R"({"b":1})")));
  EXPECT_FALSE(matches(Json::parse(R"({"a":1})"), Json()));
  EXPECT_EQ(field_count(Json::parse(R"({"a":1,"b":{"c":1,"d":{"e":1}}})")), 5);
}

TEST(KnownRun, MostFieldsWin) {
  const KnownModels known = catalogue(kTwoModels);
  const RunShape run = {.max_model_len = 64, .max_num_seqs = 1};
  const auto name = [&](std::string_view more) {
    const KnownRun found = find_known_run(known.models, fields(more), run);
    return found.models.empty() ? "none" : found.models[0]->name;
  };
  EXPECT_EQ(name("{}"), "plain");
  EXPECT_EQ(name(R"({"quantization_config":{"format":"f8","bits":8}})"), "quantised");
  EXPECT_EQ(name(R"({"quantization_config":{"format":"f4"}})"), "plain");
  EXPECT_EQ(name(R"({"vocab_size":8})"), "none");
}

TEST(KnownRun, StaticRunsAreKnownWhenTheirShapesAre) {
  const KnownModels known = catalogue(kTwoModels);
  const auto is_known = [&](std::vector<schedule::Shape> shapes, int64_t tensor_parallel = 1) {
    return find_known_run(known.models, fields(),
                          {.tensor_parallel = tensor_parallel, .shapes = std::move(shapes)})
        .known();
  };
  EXPECT_TRUE(is_known({{64, 20, 4}}));
  EXPECT_TRUE(is_known({{128, 77, 2}}));  // no answers there, any here
  EXPECT_TRUE(is_known({{128, 20, 2}, {64, 20, 4}}));
  EXPECT_FALSE(is_known({{64, 21, 4}}));
  EXPECT_FALSE(is_known({{64, 20, 4}, {64, 20, 5}}));
  EXPECT_FALSE(is_known({{64, 20, 4}}, 2));
}

TEST(KnownRun, OtherRunsAreKnownWhenBothLimitsAre) {
  const KnownModels known = catalogue(kTwoModels);
  RunShape run = {.tensor_parallel = 4, .max_model_len = 8192, .max_num_seqs = 32};
  const KnownRun found = find_known_run(known.models, fields(), run);
  ASSERT_TRUE(found.known());
  EXPECT_EQ(found.model->name, "plain");
  EXPECT_EQ(found.config, text(run));
  EXPECT_THAT(found.variables, ElementsAre(KnownVariable{"A", "5"}));
  EXPECT_EQ(found.num_gpu_blocks_override, 9);
  run.tensor_parallel = 1;
  EXPECT_THAT(find_known_run(known.models, fields(), run).variables, IsEmpty());
  run.max_num_seqs = 31;
  const KnownRun unknown = find_known_run(known.models, fields(), run);
  EXPECT_FALSE(unknown.known());
  EXPECT_THAT(known_configurations(unknown.models),
              HasSubstr("plain: tp 1, warmup shapes (64,20,4), (128,0,2); tp 4, max_model_len"));
}

TEST(KnownRun, ModelsThatCannotBeToldApartShareTheirConfigurations) {
  const KnownModels known = catalogue(built_in_known_models());
  const Json e5 = {
      {"model_type", "xlm-roberta"}, {"num_hidden_layers", 24}, {"vocab_size", 250002}};
  for (const int64_t batch : {64, 4}) {
    const KnownRun found = find_known_run(known.models, e5, {.shapes = {{512, 0, batch}}});
    EXPECT_EQ(found.models.size(), 2);
    ASSERT_TRUE(found.known());
    EXPECT_EQ(found.model->name.ends_with("-instruct"), batch == 4);
  }
}

TEST(KnownMemory, CountsWeightsAndBlocks) {
  const auto opened = testing::open_fixture("decoders/llama");
  const KnownModels known = catalogue(R"(
models:
  m:
    architecture: {model_type: llama}
    static_batching_configs:
      - {tp_size: 1, warmup_shapes: [{prompt_len: 64, new_tokens: 20, batch_size: 4}]}
    continuous_batching_configs:
      - {tp_size: 1, max_model_len: 128, max_num_seqs: 3}
      - {tp_size: 2, max_model_len: 128, max_num_seqs: 3, device_config: {num_gpu_blocks_override: 5}}
      - tp_size: 4
        max_model_len: 128
        max_num_seqs: 30
        device_config: {env_vars: {VLLM_DT_MAX_BATCH_TKV_LIMIT: 640}}
      - {tp_size: 1, max_model_len: 1099511627776, max_num_seqs: 1099511627776}
)");
  const KnownModel* models[] = {&known.models[0]};
  const auto memory = known_memory(models, *opened.checkpoint, opened.precision);
  ASSERT_TRUE(memory) << memory.error().message;
  const int64_t block =
      runner::kv_shape(opened.checkpoint->config(), opened.precision.kv, 1).block_bytes();
  std::vector<int64_t> blocks;
  for (const KnownMemory& each : *memory) blocks.push_back(each.kv_bytes / block);
  // A static batch has a block more for each sequence; the last one is longer than the model.
  EXPECT_THAT(blocks, ElementsAre(4 * 3, 3 * 2, 5, 10 + 30));
  EXPECT_GT(memory->front().weight_bytes, 0);
  EXPECT_THAT(text(*memory, 1), HasSubstr("does not fit"));
  EXPECT_THAT(text(*memory, int64_t{1} << 40), HasSubstr("m, tp 1, max_model_len 128"));
  EXPECT_EQ(to_json(*memory).size(), 4);
  EXPECT_EQ(text(std::span<const KnownMemory>(), 1), "");
}

}  // namespace
}  // namespace spyre::plan
