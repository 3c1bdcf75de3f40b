// Each rule by graph text: a prelude of leaves (%0 to %19), then one node. A good node is accepted
// with the type that its inputs give and with no other; a bad one names what was wanted.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/graph.h"

namespace spyre::graph {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kPrelude = R"(%0 = input "ids" : i32[4]
%1 = input "x" : f32[4, 6]
%2 = input "y" : f32[5, 6]
%3 = input "kv" : f32[4, 3]
%4 = input "table" : i32[2, 9]
%5 = weight "v6" : f32[6]
%6 = weight "v3" : f32[3]
%7 = weight "v4" : f32[4]
%8 = weight "w" : f32[8, 6]
%9 = weight "v8" : f32[8]
%10 = constant "f" {1} : f32[1]
%11 = constant "f2" {1, 0.5} : f32[2]
%12 = weight "w_in" : f32[3, 10, 6]
%13 = weight "w_out" : f32[3, 6, 5]
%14 = weight "w_out4" : f32[3, 6, 4]
%15 = input "ids5" : i32[5]
%16 = input "huge" : f32[1048576, 6]
%17 = weight "tall" : f32[17000000, 6]
%18 = input "lengths" : i32[2]
%19 = weight "buckets" : f32[8, 2]
)";

Result<Graph> parse_last(std::string_view node, std::string_view type) {
  return parse(fmt::format("{}%20 = {} : {}\nreturn %20\n", kPrelude, node, type));
}

struct Good {
  std::string_view node;
  std::string_view type;
};

constexpr Good kGood[] = {
    {"embed(%8, %0)", "f32[4, 6]"},
    {"matmul(%1, %8)", "f32[4, 8]"},
    {"matmul(%1, %8, %9)", "f32[4, 8]"},
    {"rms_norm(%1, %5) {eps=1e-6, offset=1}", "f32[4, 6]"},
    {"rms_norm(%1, %6) {eps=0, offset=0}", "f32[4, 6]"},
    {"layer_norm(%1, %5) {eps=1e-5}", "f32[4, 6]"},
    {"layer_norm(%1, %5, %5) {eps=1e-5}", "f32[4, 6]"},
    {"rope(%1, %0, %10) {head_dim=3, factor=1}", "f32[4, 6]"},
    {"rope(%1, %0, %10) {head_dim=2, factor=1.5}", "f32[4, 6]"},
    {"attention(%1, %3, %3, %0, %0, %4) "
     "{layer=0, kv_heads=1, head_dim=3, scale=0.5, softcap=0, window=0}",
     "f32[4, 6]"},
    {"attention(%1, %3, %3, %0, %0, %4) "
     "{layer=2, kv_heads=3, head_dim=1, scale=-1, softcap=30, window=8}",
     "f32[4, 6]"},
    {"attention(%1, %3, %3, %0, %0, %4, %18) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=0, window=0}",
     "f32[4, 6]"},
    {"attention(%1, %3, %3, %0, %0, %4, %18, %19) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=0, window=0}",
     "f32[4, 6]"},
    {"mean_pool(%1, %18, %18)", "f32[2, 6]"},
    {"max_pool(%1, %15, %15)", "f32[5, 6]"},
    {"silu(%1)", "f32[4, 6]"},
    {"gelu(%1)", "f32[4, 6]"},
    {"gelu_tanh(%1)", "f32[4, 6]"},
    {"relu(%1)", "f32[4, 6]"},
    {"tanh(%1)", "f32[4, 6]"},
    {"scale(%1) {factor=0.22}", "f32[4, 6]"},
    {"add(%1, %1)", "f32[4, 6]"},
    {"mul(%1, %1)", "f32[4, 6]"},
    {"add_offset(%0) {offset=2}", "i32[4]"},
    {"slice(%1) {begin=2, length=4}", "f32[4, 4]"},
    {"slice_heads(%1) {begin=1, length=2, head_dim=3}", "f32[4, 4]"},
    {"slice_heads(%1) {begin=0, length=6, head_dim=6}", "f32[4, 6]"},
    {"gather_rows(%1, %15)", "f32[5, 6]"},
    {"moe_mlp(%1, %3, %12, %13) {top_k=3, activation=silu}", "f32[4, 6]"},
};

TEST(ShapeRules, GoodNodesHaveTheTypeOfTheirInputsAndNoOther) {
  for (const auto& [node, type] : kGood) {
    const auto graph = parse_last(node, type);
    EXPECT_TRUE(graph) << node << ": " << (graph ? "" : graph.error().message);
    const auto other = parse_last(node, "f32[4, 7]");
    ASSERT_FALSE(other) << node;
    EXPECT_THAT(other.error().message,
                HasSubstr(fmt::format("its inputs give {}, its type is f32[4, 7]", type)));
  }
}

struct Bad {
  std::string_view node;
  std::string_view message;
};

constexpr Bad kBad[] = {
    {"embed(%1, %0)", "table: wanted op weight, found op input"},
    {"embed(%5, %0)", "table: wanted f32[-1, -1] (-1: any), found f32[6]"},
    {"embed(%8, %1)", "ids: wanted i32[-1] (-1: any), found f32[4, 6]"},
    {"matmul(%0, %8)", "x: wanted f32[-1, -1] (-1: any), found i32[4]"},
    {"matmul(%8, %8)", "x: wanted a value of the step, found op weight"},
    {"matmul(%3, %8)", "weight: wanted f32[-1, 3] (-1: any), found f32[8, 6]"},
    {"matmul(%1, %1)", "weight: wanted op weight, found op input"},
    {"matmul(%1, %8, %5)", "bias: wanted f32[8] (-1: any), found f32[6]"},
    {"matmul(%16, %17)", "dimension 17000000 is out of range in f32[1048576, 17000000]"},
    {"rms_norm(%1, %7) {eps=0, offset=0}", "weight of 4 values does not fit 6 columns"},
    {"rms_norm(%1, %5) {eps=-1, offset=0}", "eps: wanted 0 or more, found -1"},
    {"rms_norm(%1, %8) {eps=0, offset=0}", "weight: wanted f32[-1] (-1: any), found f32[8, 6]"},
    {"layer_norm(%1, %6) {eps=0}", "weight of 3 values does not fit 6 columns"},
    {"layer_norm(%1, %5, %6) {eps=0}", "bias: wanted f32[6] (-1: any), found f32[3]"},
    {"rope(%1, %15, %10) {head_dim=3, factor=1}", "positions: wanted i32[4]"},
    {"rope(%1, %0, %6) {head_dim=3, factor=1}", "frequencies: wanted op constant, found op weight"},
    {"rope(%1, %0, %10) {head_dim=4, factor=1}", "6 columns in heads of 4"},
    {"rope(%1, %0, %11) {head_dim=3, factor=1}", "in heads of 3 with 2 frequencies"},
    {"rope(%1, %0, %10) {head_dim=0, factor=1}", "head_dim: wanted an integer from 1 to 6"},
    {"attention(%1, %3, %3, %0, %0, %4) "
     "{layer=0, kv_heads=4, head_dim=1, scale=1, softcap=0, window=0}",
     "q of 6 columns: wanted a multiple of 4 heads of 1"},
    {"attention(%1, %3, %3, %0, %0, %4) "
     "{layer=0, kv_heads=2, head_dim=3, scale=1, softcap=0, window=0}",
     "k: wanted f32[4, 6]"},
    {"attention(%1, %3, %1, %0, %0, %4) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=0, window=0}",
     "v: wanted f32[4, 3]"},
    {"attention(%1, %3, %3, %15, %0, %4) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=0, window=0}",
     "positions: wanted i32[4]"},
    {"attention(%1, %3, %3, %0, %15, %4) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=0, window=0}",
     "sequences: wanted i32[4]"},
    {"attention(%1, %3, %3, %0, %0, %0) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=0, window=0}",
     "block_table: wanted i32[-1, -1]"},
    {"attention(%1, %3, %3, %0, %0, %4) "
     "{layer=-1, kv_heads=1, head_dim=3, scale=1, softcap=0, window=0}",
     "layer: wanted an integer from 0"},
    {"attention(%1, %3, %3, %0, %0, %4) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=-1, window=0}",
     "softcap: wanted 0 or more"},
    {"attention(%1, %3, %3, %0, %0, %4) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=0, window=0.5}",
     "window: wanted an integer"},
    {"silu(%0)", "x: wanted f32[-1, -1]"},
    {"silu(%8)", "x: wanted a value of the step, found op weight"},
    {"add(%1, %2)", "second input: wanted f32[4, 6] (-1: any), found f32[5, 6]"},
    {"mul(%1, %8)", "second input: wanted a value of the step"},
    {"add_offset(%1) {offset=2}", "ids: wanted i32[-1]"},
    {"add_offset(%0) {offset=0.5}", "offset: wanted an integer"},
    {"slice(%1) {begin=6, length=1}", "begin: wanted an integer from 0 to 5, found 6"},
    {"slice(%1) {begin=2, length=5}", "length: wanted an integer from 1 to 4, found 5"},
    {"slice_heads(%1) {begin=0, length=1, head_dim=4}", "6 columns do not divide into runs of 4"},
    {"slice_heads(%1) {begin=3, length=1, head_dim=3}", "begin: wanted an integer from 0 to 2"},
    {"slice_heads(%1) {begin=1, length=3, head_dim=3}", "length: wanted an integer from 1 to 2"},
    {"slice_heads(%0) {begin=0, length=1, head_dim=1}", "x: wanted f32[-1, -1]"},
    {"attention(%1, %3, %3, %0, %0, %4, %15) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=0, window=0}",
     "lengths: wanted i32[2]"},
    {"attention(%1, %3, %3, %0, %0, %4, %18) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=0, window=8}",
     "window 8: wanted 0 with lengths"},
    {"attention(%1, %3, %3, %0, %0, %4, %18, %8) "
     "{layer=0, kv_heads=1, head_dim=3, scale=1, softcap=0, window=0}",
     "buckets: wanted f32[-1, 2]"},
    {"mean_pool(%1, %18, %15)", "lengths: wanted i32[2]"},
    {"max_pool(%1, %1, %18)", "rows: wanted i32[-1]"},
    {"gather_rows(%1, %4)", "rows: wanted i32[-1]"},
    {"gather_rows(%5, %0)", "x: wanted a value of the step"},
    {"moe_mlp(%1, %2, %12, %13) {top_k=2, activation=silu}", "router_logits: wanted f32[4, -1]"},
    {"moe_mlp(%1, %3, %12, %14) {top_k=2, activation=silu}", "w_in: wanted f32[3, 8, 6]"},
    {"moe_mlp(%1, %3, %12, %12) {top_k=2, activation=silu}", "w_out: wanted f32[3, 6, -1]"},
    {"moe_mlp(%1, %3, %12, %13) {top_k=4, activation=silu}",
     "top_k: wanted an integer from 1 to 3"},
    {"moe_mlp(%1, %3, %12, %13) {top_k=2, activation=add}", "activation: wanted an integer"},
};

TEST(ShapeRules, BadNodesSayWhatWasWanted) {
  for (const auto& [node, message] : kBad) {
    const auto graph = parse_last(node, "f32[4, 6]");
    ASSERT_FALSE(graph) << node;
    EXPECT_EQ(graph.error().code, Code::kInvalidArgument);
    EXPECT_THAT(graph.error().message, HasSubstr(message)) << node;
    EXPECT_THAT(graph.error().message, HasSubstr("line 21: %20 = "));
  }
}

TEST(ShapeRules, BadLeavesSayWhatWasWanted) {
  constexpr Bad kLeaves[] = {
      {"input \"i\" : f32[0]", "dimension 0 is out of range in f32[0]"},
      {"input \"i\" : f32[2, -3]", "dimension -3 is out of range"},
      {"input \"i\" : f32[17592186044417]", "out of range"},
      {"weight \"i\" : f32[1099511627776, 1099511627776]", "out of range"},
      {"input \"i\" : f32[1, 1, 1, 1]", "wanted 1 to 3 dimensions, found 4"},
      {"weight \"i\" : i32[4]", "weights and constants are f32"},
      {"constant \"i\" {1, 2} : f32[3]", "2 values for f32[3]"},
      {"constant \"i\" {1, 2} : f32[1, 2]", "2 values for f32[1, 2]"},
  };
  for (const auto& [leaf, message] : kLeaves) {
    const auto graph = parse(fmt::format("%0 = {}\nreturn %0\n", leaf));
    ASSERT_FALSE(graph) << leaf;
    EXPECT_THAT(graph.error().message, HasSubstr(message)) << leaf;
  }
}

}  // namespace
}  // namespace spyre::graph
