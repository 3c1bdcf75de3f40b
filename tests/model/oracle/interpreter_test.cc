// The oracle itself, by hand: small numbers whose results are exact.
#include "model/oracle/interpreter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace spyre::model::oracle {
namespace {

using ::testing::ElementsAre;

// x comes from a table whose row i is i, i + 0.5, ...; other weights count 1, 2, 3, ...
Values counting(const graph::Node& weight) {
  Values values;
  const int64_t columns = weight.type.dims.back();
  int64_t elements = 1;
  for (const int64_t dim : weight.type.dims) elements *= dim;
  for (int64_t i = 0; i < elements; ++i) {
    values.push_back(weight.name == "table"
                         ? static_cast<double>(i / columns) + static_cast<double>(i % columns) / 2
                         : static_cast<double>(i + 1));
  }
  return values;
}

// Runs one node over x = rows 0 and 1 of the table [2, 4].
Values run(std::string_view leaves, std::string_view node, std::string_view type) {
  const auto graph = graph::parse(fmt::format(R"(%0 = input "ids" : i32[2]
%1 = weight "table" : f32[2, 4]
%2 = embed(%1, %0) : f32[2, 4]
{}%4 = {} : {}
return %4
)",
                                              leaves, node, type));
  if (!graph) {
    ADD_FAILURE() << graph.error().message;
    return {};
  }
  return Interpreter(counting).run(*graph, {{"ids", {0, 1}}});
}

TEST(Interpreter, Embed) {
  EXPECT_THAT(run("%3 = weight \"unused\" : f32[1]\n", "scale(%2) {factor=2}", "f32[2, 4]"),
              ElementsAre(0, 1, 2, 3, 2, 3, 4, 5));
}

TEST(Interpreter, Matmul) {
  EXPECT_THAT(run("%3 = weight \"w\" : f32[2, 4]\n", "matmul(%2, %3)", "f32[2, 2]"),
              ElementsAre(0.5 * 2 + 3 + 1.5 * 4, 0.5 * 6 + 7 + 1.5 * 8, 20, 48));
}

TEST(Interpreter, Slices) {
  constexpr std::string_view kUnused = "%3 = weight \"unused\" : f32[1]\n";
  EXPECT_THAT(run(kUnused, "slice(%2) {begin=1, length=2}", "f32[2, 2]"),
              ElementsAre(0.5, 1, 1.5, 2));
  EXPECT_THAT(run(kUnused, "slice_heads(%2) {begin=1, length=1, head_dim=2}", "f32[2, 2]"),
              ElementsAre(0.5, 1.5, 1.5, 2.5));
}

TEST(Interpreter, RmsNormByRuns) {
  const Values out =
      run("%3 = weight \"w\" : f32[2]\n", "rms_norm(%2, %3) {eps=0, offset=1}", "f32[2, 4]");
  const double first = std::sqrt((0 + 0.25) / 2);
  EXPECT_NEAR(out[0], 0, 1e-12);
  EXPECT_NEAR(out[1], 0.5 / first * 3, 1e-12);
}

TEST(Interpreter, LayerNorm) {
  const Values out =
      run("%3 = weight \"w\" : f32[4]\n", "layer_norm(%2, %3, %3) {eps=0}", "f32[2, 4]");
  // Both rows are their mean plus -0.75, -0.25, 0.25, 0.75.
  const double d = std::sqrt((0.75 * 0.75 + 0.25 * 0.25) / 2);
  const Values row = {1 - 0.75 / d, 2 - 0.5 / d, 3 + 0.75 / d, 4 + 3 / d};
  for (size_t i = 0; i < out.size(); ++i) EXPECT_NEAR(out[i], row[i % 4], 1e-12);
}

TEST(Interpreter, RopeTurnsByPosition) {
  const Values out = run("%3 = constant \"f\" {0.5, 0.25} : f32[2]\n",
                         "rope(%2, %0, %3) {head_dim=4, factor=2}", "f32[2, 4]");
  EXPECT_THAT(std::vector(out.begin(), out.begin() + 4), ElementsAre(0, 1, 2, 3));
  EXPECT_NEAR(out[4], 2 * (1 * std::cos(0.5) - 2 * std::sin(0.5)), 1e-12);
  EXPECT_NEAR(out[7], 2 * (2.5 * std::cos(0.25) + 1.5 * std::sin(0.25)), 1e-12);
}

TEST(Interpreter, AttentionSeesItsOwnSequenceUpToItself) {
  const auto graph = graph::parse(R"(%0 = input "ids" : i32[2]
%1 = input "positions" : i32[2]
%2 = input "sequences" : i32[2]
%3 = input "block_table" : i32[2, 1]
%4 = weight "table" : f32[4, 1]
%5 = embed(%4, %0) : f32[2, 1]
%6 = attention(%5, %5, %5, %1, %2, %3) {layer=0, kv_heads=1, head_dim=1, scale=0, softcap=0, window=2} : f32[2, 1]
return %6
)");
  ASSERT_TRUE(graph) << graph.error().message;
  Interpreter interpreter(counting);
  const auto step = [&](std::vector<int32_t> ids, std::vector<int32_t> positions,
                        std::vector<int32_t> sequences) {
    return interpreter.run(*graph, {{"ids", std::move(ids)},
                                    {"positions", std::move(positions)},
                                    {"sequences", std::move(sequences)},
                                    {"block_table", {0, 1}}});
  };
  // Scores are all zero: the mean of what a row sees.
  EXPECT_THAT(step({0, 1}, {0, 1}, {0, 0}), ElementsAre(0, 0.5));
  EXPECT_THAT(step({2, 3}, {2, 0}, {0, 1}), ElementsAre(1.5, 3));
  interpreter.forget_sequences();
  EXPECT_THAT(step({2, 3}, {0, 0}, {0, 1}), ElementsAre(2, 3));
}

TEST(Interpreter, Activations) {
  constexpr std::string_view kUnused = "%3 = weight \"unused\" : f32[1]\n";
  EXPECT_NEAR(run(kUnused, "silu(%2)", "f32[2, 4]")[4], 0.7310585786300049, 1e-12);
  EXPECT_NEAR(run(kUnused, "gelu(%2)", "f32[2, 4]")[4], 0.8413447460685429, 1e-12);
  EXPECT_NEAR(run(kUnused, "gelu_tanh(%2)", "f32[2, 4]")[4], 0.8411919906082768, 1e-12);
  EXPECT_NEAR(run(kUnused, "tanh(%2)", "f32[2, 4]")[4], 0.7615941559557649, 1e-12);
  EXPECT_NEAR(run(kUnused, "relu(%2)", "f32[2, 4]")[4], 1, 1e-12);
}

}  // namespace
}  // namespace spyre::model::oracle
