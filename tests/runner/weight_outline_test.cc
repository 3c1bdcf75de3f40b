// What is planned is what is loaded, byte for byte, in every container and format.
#include "runner/weight_outline.h"

#include <gtest/gtest.h>

#include <numeric>

#include "backend/eager/scratch_plan.h"
#include "model/model.h"
#include "runner/fixture.h"

namespace spyre::runner {
namespace {

using testing::LoadedModel;

struct Planned {
  int64_t weight_bytes = 0;
  int64_t scratch_bytes = 0;
};

// As LoadedModel loads it with one thread.
Planned planned(const char* name, const testing::RunSettings& settings) {
  std::filesystem::path path = testing::fixture_path(name);
  if (std::string_view(name).starts_with("gguf/")) path /= "model.gguf";
  const auto checkpoint = checkpoint::Checkpoint::open(path).value();
  const checkpoint::ModelConfig& config = checkpoint->config();
  const Precision precision =
      Precision::resolve(settings.dtype, config.dtype, checkpoint->is_gguf()).value();
  const model::StepShape capacity = {.rows = settings.chunk_rows,
                                     .sequences = LoadedModel::kMaxSequences,
                                     .max_blocks = 2,
                                     .output_rows = settings.chunk_rows};
  const graph::Graph graph = model::build(config, capacity, settings.max_model_len).value();
  const backend::WeightSet weights = outline_weights(graph, *checkpoint, precision).value();
  Planned planned;
  for (const auto& [weight_name, weight] : weights) planned.weight_bytes += filled_bytes(weight);
  const backend::KvCacheShape kv_cache = {.format = precision.kv,
                                          .layers = config.num_layers,
                                          .blocks = 1,
                                          .kv_heads = config.num_kv_heads,
                                          .head_dim = config.head_dim};
  planned.scratch_bytes = static_cast<int64_t>(
      backend::plan_scratch(graph, weights, kv_cache, settings.num_threads).value().total());
  return planned;
}

class WeightOutline : public ::testing::TestWithParam<const char*> {};

TEST_P(WeightOutline, PlansWhatIsLoaded) {
  for (const char* dtype : {"auto", "float32", "bfloat16"}) {
    const testing::RunSettings settings = {.dtype = dtype, .chunk_rows = 24};
    LoadedModel model(GetParam(), settings);
    const Planned plan = planned(GetParam(), settings);
    EXPECT_EQ(plan.weight_bytes, model.runner().weight_bytes()) << dtype;
    EXPECT_EQ(plan.scratch_bytes, model.runner().scratch_bytes()) << dtype;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, WeightOutline,
                         ::testing::Values("decoders/llama", "decoders/llama_bf16_sharded",
                                           "decoders/llama_tied", "decoders/granite_moe",
                                           "decoders/gemma3", "decoders/phi3", "decoders/opt",
                                           "decoders/gpt_bigcode", "quantised/awq",
                                           "quantised/gptq", "quantised/gptq_8bit_asym",
                                           "quantised/gptq_desc_act", "gguf/gguf_f16_q8",
                                           "gguf/gguf_kquant", "gguf/gguf_q4_q5"));

}  // namespace
}  // namespace spyre::runner
