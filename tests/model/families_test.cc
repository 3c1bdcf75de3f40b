#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "graph/graph.h"
#include "model/model.h"
#include "model/small_config.h"

namespace spyre::model {
namespace {

using checkpoint::ModelConfig;
using graph::Attribute;
using graph::Graph;
using graph::Node;
using graph::Op;
using testing::decoders;
using testing::encoders;
using ::testing::HasSubstr;
using testing::kSmallModelLen;
using testing::kSmallShape;
using testing::small_config;

Graph built(const ModelConfig& config) {
  auto graph = build(config, kSmallShape, kSmallModelLen);
  if (!graph) ADD_FAILURE() << graph.error().message;
  return graph.value_or(Graph());
}

std::vector<Node> nodes_of(const Graph& graph, Op op) {
  std::vector<Node> found;
  for (const Node& node : graph.nodes()) {
    if (node.op == op) found.push_back(node);
  }
  return found;
}

bool has_weight(const Graph& graph, std::string_view name) {
  return std::ranges::any_of(
      graph.nodes(), [&](const Node& node) { return node.op == Op::kWeight && node.name == name; });
}

TEST(Families, EachBuildsAVerifiedGraphOfLogitsThatPrintsAndParses) {
  for (const std::string& architecture : supported_architectures()) {
    const Graph graph = built(small_config(architecture));
    const int64_t columns = small_config(architecture).pooling ? 3 : 11;
    ASSERT_TRUE(graph::verify(graph)) << architecture;
    ASSERT_EQ(graph.outputs().size(), 1u);
    EXPECT_EQ(graph.node(graph.outputs()[0]).type,
              (graph::Type{graph::DType::kF32, {kSmallShape.output_rows, columns}}));
    const auto back = graph::parse(graph::print(graph));
    ASSERT_TRUE(back) << architecture << ": " << back.error().message;
    EXPECT_EQ(*back, graph) << architecture;
  }
}

TEST(Families, InputsAreThoseOfTheStepShape) {
  const auto inputs_of = [](const std::string& architecture) {
    std::vector<std::string> inputs;
    for (const Node& node : nodes_of(built(small_config(architecture)), Op::kInput)) {
      inputs.push_back(node.name + graph::print(node.type));
    }
    return inputs;
  };
  for (const std::string& architecture : encoders()) {
    EXPECT_THAT(inputs_of(architecture), ::testing::Contains("lengthsi32[2]")) << architecture;
  }
  EXPECT_THAT(inputs_of("BertModel"), ::testing::Contains("token_typesi32[4]"));
  for (const std::string& architecture : decoders()) {
    EXPECT_THAT(inputs_of(architecture),
                ::testing::ElementsAre("tokensi32[4]", "positionsi32[4]", "sequencesi32[4]",
                                       "block_tablei32[2, 3]", "output_rowsi32[2]"))
        << architecture;
  }
}

TEST(Families, AttentionOfEachLayerHasItsWindow) {
  for (const std::string& architecture : decoders()) {
    const Graph graph = built(small_config(architecture));
    const auto attention = nodes_of(graph, Op::kAttention);
    ASSERT_EQ(attention.size(), 2u) << architecture;
    for (int64_t layer = 0; layer < 2; ++layer) {
      EXPECT_EQ(attention[static_cast<size_t>(layer)].integer(Attribute::kLayer), layer);
      EXPECT_EQ(attention[static_cast<size_t>(layer)].integer(Attribute::kWindow), 5 * layer);
    }
  }
}

// They write and read one layer of the cache in turn, and see all of a sequence.
TEST(Families, EncodersLookBothWaysThroughOneLayerOfTheCache) {
  for (const std::string& architecture : encoders()) {
    EXPECT_EQ(kv_layers(small_config(architecture)), 1);
    for (const Node& node : nodes_of(built(small_config(architecture)), Op::kAttention)) {
      EXPECT_EQ(node.integer(Attribute::kLayer), 0);
      EXPECT_EQ(node.inputs.size(), architecture == "MPNetModel" ? 8u : 7u);
    }
  }
}

TEST(Families, DecodersPoolWhereTheirConfigSaysSo) {
  ModelConfig config = small_config("Qwen3ForCausalLM");
  config.pooling = checkpoint::Pooling{.type = checkpoint::PoolingType::kLast, .max_tokens = 64};
  const Graph graph = built(config);
  EXPECT_EQ(graph::columns_of(graph.node(graph.outputs()[0])), config.hidden_size);
  EXPECT_FALSE(has_weight(graph, "lm_head.weight"));
  config.architecture = "OPTForCausalLM";
  EXPECT_FALSE(build(config, kSmallShape, kSmallModelLen));
}

TEST(Families, AnUnsupportedArchitectureListsTheSupported) {
  const auto graph = build(small_config("MambaForCausalLM"), kSmallShape, kSmallModelLen);
  ASSERT_FALSE(graph);
  EXPECT_EQ(graph.error().code, Code::kUnsupported);
  EXPECT_THAT(graph.error().message, HasSubstr("'MambaForCausalLM' is not supported"));
  for (const std::string& architecture : supported_architectures()) {
    EXPECT_THAT(graph.error().message, HasSubstr(architecture));
  }
}

TEST(Families, TiedEmbeddingsNeedNoHead) {
  ModelConfig config = small_config("LlamaForCausalLM");
  EXPECT_TRUE(has_weight(built(config), "lm_head.weight"));
  config.tie_word_embeddings = true;
  EXPECT_FALSE(has_weight(built(config), "lm_head.weight"));
}

TEST(Families, BiasesFollowTheConfig) {
  for (const std::string_view architecture :
       {"LlamaForCausalLM", "Qwen3ForCausalLM", "Gemma3ForCausalLM", "GraniteMoeForCausalLM"}) {
    ModelConfig config = small_config(architecture);
    config.attention_bias = true;  // of q, k and v alone, as in Qwen2
    const Graph graph = built(config);
    EXPECT_TRUE(has_weight(graph, "model.layers.1.self_attn.k_proj.bias")) << architecture;
    EXPECT_FALSE(has_weight(graph, "model.layers.1.self_attn.o_proj.bias")) << architecture;
    config.attention_output_bias = true;
    EXPECT_TRUE(has_weight(built(config), "model.layers.1.self_attn.o_proj.bias")) << architecture;
  }
}

TEST(Families, GemmaAddsOneToNormWeightsUnlessTheFileDid) {
  ModelConfig config = small_config("Gemma3ForCausalLM");
  for (const Node& norm : nodes_of(built(config), Op::kRmsNorm)) {
    EXPECT_EQ(norm.real(Attribute::kOffset), 1.0);
  }
  config.norm_offset_stored = true;
  for (const Node& norm : nodes_of(built(config), Op::kRmsNorm)) {
    EXPECT_EQ(norm.real(Attribute::kOffset), 0.0);
  }
}

TEST(Families, GptBigCodeWithManyKvHeadsReadsInterleavedHeads) {
  ModelConfig config = small_config("GPTBigCodeForCausalLM");
  EXPECT_EQ(nodes_of(built(config), Op::kSlice).size(), 6u);
  config.num_kv_heads = config.num_heads;
  const auto slices = nodes_of(built(config), Op::kSliceHeads);
  ASSERT_EQ(slices.size(), 6u);
  for (int64_t part = 0; part < 3; ++part) {
    EXPECT_EQ(slices[static_cast<size_t>(part)].integer(Attribute::kBegin), 4 * part);
    EXPECT_EQ(slices[static_cast<size_t>(part)].integer(Attribute::kLength), 4);
    EXPECT_EQ(slices[static_cast<size_t>(part)].integer(Attribute::kHeadDim), 12);
  }
}

TEST(Families, OptProjectsNarrowEmbeddingsAndPlacesNormsAsToldTo) {
  ModelConfig config = small_config("OPTForCausalLM");
  EXPECT_FALSE(has_weight(built(config), "model.decoder.project_in.weight"));
  EXPECT_TRUE(has_weight(built(config), "model.decoder.final_layer_norm.weight"));
  config.embedding_projection_dim = 6;
  EXPECT_TRUE(has_weight(built(config), "model.decoder.project_in.weight"));
  EXPECT_TRUE(has_weight(built(config), "model.decoder.project_out.weight"));
  config.norm_before = false;
  EXPECT_FALSE(has_weight(built(config), "model.decoder.final_layer_norm.weight"));
}

}  // namespace
}  // namespace spyre::model
