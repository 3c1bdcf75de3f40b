// One small Llama layer as text. When the change is meant, copy the printed graph over the file.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "graph/graph.h"
#include "model/small_config.h"

namespace spyre::model {
namespace {

TEST(Golden, OneLlamaLayer) {
  checkpoint::ModelConfig config = testing::small_config("LlamaForCausalLM");
  config.num_layers = 1;
  config.layer_windows = {0};
  const auto graph = build(config, testing::kSmallShape, testing::kSmallModelLen);
  ASSERT_TRUE(graph) << graph.error().message;
  std::ifstream file(SPYRE_SOURCE_DIR "/tests/golden/graph/llama_layer.txt");
  std::stringstream wanted;
  wanted << file.rdbuf();
  EXPECT_TRUE(graph::print(*graph) == wanted.str()) << graph::print(*graph);
}

}  // namespace
}  // namespace spyre::model
