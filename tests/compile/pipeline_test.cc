#include "compile/pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compile/program.h"
#include "compile/testing.h"
#include "graph/builder.h"

namespace spyre::compile::testing {
namespace {

graph::Graph two_matmuls() {
  graph::Builder b;
  const auto tokens = b.input("tokens", graph::DType::kI32, {4});
  auto x = b.embed(b.weight("table", {11, 32}), tokens);
  x = b.matmul(x, b.weight("up", {64, 32}));
  x = b.matmul(b.activation(graph::Op::kRelu, x), b.weight("down", {32, 64}));
  return b.finish({x});
}

TEST(Pipeline, ReportsEveryPassOnceInOrder) {
  std::vector<std::string> names;
  PipelineOptions options;
  options.disabled = {"fuse-rows"};
  options.observer = [&](const PassReport& report, const Module&) {
    names.emplace_back(report.name);
    EXPECT_EQ(report.disabled, report.name == "fuse-rows");
    EXPECT_GE(report.seconds, 0);
  };
  const graph::Graph graph = two_matmuls();
  ASSERT_TRUE(run_passes(graph, formats_of(graph), options));
  EXPECT_EQ(names.front(), "gather-early");
  EXPECT_EQ(names.back(), "fuse-prologues");
}

TEST(Pipeline, ADisabledPassLeavesItsWorkUndone) {
  const graph::Graph graph = two_matmuls();
  PipelineOptions options;
  const size_t fused = run_passes(graph, formats_of(graph), options)->regions.size();
  options.disabled = {"fuse-epilogues", "fuse-prologues"};
  EXPECT_EQ(run_passes(graph, formats_of(graph), options)->regions.size(), fused + 1);
}

TEST(Pipeline, NamesThatAreNoPassAreRefusedWithThoseThatAre) {
  EXPECT_EQ(parse_pass_names("fuse-rows,,merge-equal")->size(), 2U);
  EXPECT_TRUE(parse_pass_names("")->empty());
  EXPECT_THAT(parse_pass_names("fuse").error().message,
              ::testing::AllOf(::testing::HasSubstr("'fuse'"), ::testing::HasSubstr("fuse-rows")));
  EXPECT_FALSE(parse_pass_names("form-regions"));
}

TEST(Pipeline, AWeightThatIsNotThereIsAnError) {
  const graph::Graph graph = two_matmuls();
  const auto module = run_passes(graph, {}, {});
  ASSERT_FALSE(module);
  EXPECT_EQ(module.error().code, Code::kInvalidArgument);
  EXPECT_THAT(module.error().message, ::testing::HasSubstr("'table'"));
}

// A row that a prologue works on is the gathered one, not what it was gathered from.
TEST(Pipeline, NothingIsFusedInFrontOfAGather) {
  graph::Builder b;
  auto x = b.embed(b.weight("table", {11, 32}), b.input("tokens", graph::DType::kI32, {4}));
  x = b.rms_norm(x, b.weight("norm", {32}), 1e-5f);
  x = b.gather_rows(x, b.input("output_rows", graph::DType::kI32, {4}));
  const graph::Graph graph = b.finish({b.matmul(x, b.weight("head", {16, 32}))});
  const auto module = run_passes(graph, formats_of(graph), {});
  ASSERT_TRUE(module) << module.error().message;
  ASSERT_EQ(module->regions.size(), 2U) << print(*module);
  EXPECT_EQ(module->regions[1].prologue.size(), 1U) << print(*module);
}

TEST(Pipeline, AttentionThatNobodyReadsStillWritesItsKeys) {
  graph::Builder b;
  const auto ids = [&](const char* name) { return b.input(name, graph::DType::kI32, {2}); };
  const auto table = b.input("block_table", graph::DType::kI32, {2, 3});
  const auto x = b.embed(b.weight("table", {11, 8}), ids("tokens"));
  b.attention({x, x, x, ids("positions"), ids("sequences"), table}, {.head_dim = 8});
  const graph::Graph graph = b.finish({b.activation(graph::Op::kRelu, x)});
  const auto module = run_passes(graph, formats_of(graph), {});
  ASSERT_TRUE(module) << module.error().message;
  EXPECT_EQ(module->regions.back().work == Work::kItems || module->regions[1].work == Work::kItems,
            true)
      << print(*module);
}

TEST(Lower, TooManyOperandsInARegionAreAnError) {
  graph::Builder b;
  auto x = b.embed(b.weight("table", {11, 32}), b.input("tokens", graph::DType::kI32, {4}));
  for (int i = 0; i < 80; ++i) {
    x = b.rms_norm(x, b.weight(fmt::format("norm{}", i), {32}), 1e-5f);
  }
  const graph::Graph graph = b.finish({b.activation(graph::Op::kRelu, x)});
  const auto program = lower(*run_passes(graph, formats_of(graph), {}), {});
  ASSERT_FALSE(program);
  EXPECT_THAT(program.error().message, ::testing::HasSubstr("SPYRE_DISABLE_PASSES"));
}

TEST(Lower, RopeOfOtherPositionsThanTheStepsIsAnError) {
  graph::Builder b;
  const auto positions = b.input("positions", graph::DType::kI32, {4});
  const auto x = b.embed(b.weight("table", {11, 8}), b.input("tokens", graph::DType::kI32, {4}));
  const graph::Graph graph = b.finish(
      {b.rope(x, b.add_offset(positions, 2), b.constant("frequencies", {1.0f, 0.1f}), 4, 1.0f)});
  const auto program = lower(*run_passes(graph, formats_of(graph), {}), {});
  ASSERT_FALSE(program);
  EXPECT_THAT(program.error().message, ::testing::HasSubstr("'positions'"));
}

TEST(Lower, LayersOfEqualStructureShareRoutines) {
  graph::Builder b;
  auto x = b.embed(b.weight("table", {11, 32}), b.input("tokens", graph::DType::kI32, {4}));
  for (int layer = 0; layer < 5; ++layer) {
    x = b.add(x, b.matmul(b.rms_norm(x, b.weight(fmt::format("norm{}", layer), {32}), 1e-5f),
                          b.weight(fmt::format("w{}", layer), {32, 32})));
  }
  const graph::Graph graph = b.finish({x});
  const auto module = run_passes(graph, formats_of(graph), {});
  ASSERT_TRUE(module);
  const auto program = lower(*module, {});
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(program->phases.size(), 6U);
  EXPECT_EQ(program->routines.size(), 3U) << print(*program);
}

TEST(Lower, AnInputThatStepsLackIsAnError) {
  graph::Builder b;
  const auto x = b.embed(b.weight("table", {11, 32}), b.input("words", graph::DType::kI32, {4}));
  const graph::Graph graph = b.finish({x});
  const auto program = lower(*run_passes(graph, formats_of(graph), {}), {});
  ASSERT_FALSE(program);
  EXPECT_THAT(program.error().message, ::testing::HasSubstr("'words'"));
}

}  // namespace
}  // namespace spyre::compile::testing
