// print() and parse() as inverses, and parse() on text that print() would never write.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <sstream>

#include "graph/sample_graph.h"

namespace spyre::graph {
namespace {

using ::testing::HasSubstr;

TEST(PrintParse, EveryOpComesBackBitForBit) {
  const Graph graph = testing::every_op();
  const auto back = parse(print(graph));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, graph);
  EXPECT_EQ(print(*back), print(graph));  // -0 and 0 are equal numbers, but not equal text
}

TEST(PrintParse, EveryNumberComesBackBitForBit) {
  std::vector<float> values = {0.1f,
                               -0.0f,
                               1e-45f,
                               16777217.0f,
                               std::numeric_limits<float>::max(),
                               std::numeric_limits<float>::min()};
  std::mt19937 random(1);
  while (values.size() < 1000) {
    const auto value = std::bit_cast<float>(static_cast<uint32_t>(random()));
    if (std::isfinite(value)) values.push_back(value);
  }
  Builder b;
  const NodeId x = b.embed(b.weight("table", {3, 2}), b.input("tokens", DType::kI32, {1}));
  b.constant("values", values);
  NodeId last = x;
  for (const float value : values) last = b.scale(last, value);
  const Graph graph = b.finish({last});
  const auto back = parse(print(graph));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, graph);
}

TEST(Print, OneNodeALine) {
  Builder b;
  const NodeId tokens = b.input("tokens", DType::kI32, {1});
  const NodeId x = b.embed(b.weight("table", {3, 2}), tokens);
  const NodeId y = b.rms_norm(x, b.weight("norm", {2}), 0.5f, 1.0f);
  EXPECT_EQ(print(b.finish({x, y})),
            "%0 = input \"tokens\" : i32[1]\n"
            "%1 = weight \"table\" : f32[3, 2]\n"
            "%2 = embed(%1, %0) : f32[1, 2]\n"
            "%3 = weight \"norm\" : f32[2]\n"
            "%4 = rms_norm(%2, %3) {eps=0.5, offset=1} : f32[1, 2]\n"
            "return %2, %4\n");
}

TEST(Print, ShowsGraphsThatDoNotVerify) {
  Graph graph;
  Node node;
  node.op = Op::kMoeMlp;
  node.inputs = {7, -1};
  node.attributes = {{Attribute::kActivation, 999}};
  graph.append(node);
  EXPECT_EQ(print(graph), "%0 = moe_mlp(%7, %-1) {activation=999} : f32[]\nreturn \n");
}

TEST(Parse, BlanksAndEmptyLinesDoNotMatter) {
  const auto graph = parse(
      "\n  %0=input\"tokens\":i32[1]\n\t\n%1 = weight \"t\" : f32[ 3 ,2 ]\n"
      "%2 = embed( %1,%0 ):f32[1,2]\nreturn %2");
  ASSERT_TRUE(graph) << graph.error().message;
}

struct Bad {
  std::string_view text;
  std::string_view message;
};

TEST(Parse, ErrorsHaveTheLineAndWhatWasWanted) {
  constexpr Bad kBad[] = {
      {"", "line 1: it ends without a return line"},
      {"%0 = input \"a\" : i32[1]\n\n", "line 3: it ends without a return line"},
      {"graph", "line 1: wanted '%', found 'graph'"},
      {"%1 = input \"a\" : i32[1]", "line 1: wanted node %0, found %1"},
      {"%-1 = input \"a\" : i32[1]", "line 1: %-1 is not a node"},
      {"%99999999999 = input \"a\" : i32[1]", "line 1: %99999999999 is not a node"},
      {"%0 : input", "line 1: wanted '=', found ': input'"},
      {"%0 = gather(%1) : i32[1]", "line 1: unknown op 'gather'"},
      {"%0 = = : i32[1]", "line 1: wanted a word, found '= : i32[1]'"},
      {"%0 = input a : i32[1]", "line 1: wanted '\"', found 'a : i32[1]'"},
      {"%0 = input \"a : i32[1]", "line 1: a quoted name does not end"},
      {"%0 = input \"\" : i32[1]", "line 1: %0 = input: wanted a name"},
      {"%0 = input \"a\" i32[1]", "line 1: wanted ':', found 'i32[1]'"},
      {"%0 = input \"a\" : i64[1]", "line 1: wanted f32 or i32, found 'i64'"},
      {"%0 = input \"a\" : i32", "line 1: wanted '[', found ''"},
      {"%0 = input \"a\" : i32[]", "line 1: wanted an integer, found ']'"},
      {"%0 = input \"a\" : i32[1.5]", "line 1: wanted ']', found '.5]'"},
      {"%0 = input \"a\" : i32[1 2]", "line 1: wanted ']', found '2]'"},
      {"%0 = input \"a\" : i32[99999999999999999999]", "line 1: wanted an integer"},
      {"%0 = input \"a\" : i32[1] x", "line 1: text after the end"},
      {"%0 = constant \"a\" {nan} : f32[1]", "line 1: wanted a finite number, found 'nan}"},
      {"%0 = constant \"a\" {1e39} : f32[1]", "line 1: wanted a finite number, found '1e39}"},
      {"%0 = constant \"a\" {1 : f32[1]", "line 1: wanted '}'"},
      {"%0 = constant \"a\" : f32[1]", "line 1: wanted '{'"},
      {"%0 = silu %1 : f32[1]", "line 1: wanted '(', found '%1 : f32[1]'"},
      {"%0 = silu(%1 : f32[1]", "line 1: wanted ')'"},
      {"%0 = silu() : f32[1]", "line 1: wanted '%', found ') : f32[1]'"},
      {"%0 = silu(%0) : f32[1]", "line 1: %0 = silu: input %0 does not come before"},
      {"%0 = scale(%0) {size=1} : f32[1]", "line 1: unknown attribute 'size'"},
      {"%0 = scale(%0) {factor 1} : f32[1]", "line 1: wanted '=', found '1} : f32[1]'"},
      {"%0 = scale(%0) {factor=inf} : f32[1]", "line 1: wanted a finite number"},
      {"%0 = scale(%0) {factor=1 : f32[1]", "line 1: wanted '}'"},
      {"%0 = moe_mlp(%0) {activation=9} : f32[1]", "line 1: unknown op '9'"},
      {"return", "line 1: wanted '%'"},
      {"return %0", "line 1: output %0 does not exist"},
  };
  for (const auto& [text, message] : kBad) {
    const auto graph = parse(text);
    ASSERT_FALSE(graph) << text;
    EXPECT_EQ(graph.error().code, Code::kInvalidArgument);
    EXPECT_THAT(graph.error().message, HasSubstr(fmt::format("graph text, {}", message))) << text;
  }
}

TEST(Parse, NothingMayFollowTheReturnLine) {
  const std::string text = print(testing::every_op());
  const auto twice = parse(text + "return %0\n");
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("text after the return line"));
}

// Every prefix, and many texts with one byte changed: an error, or a graph that verifies.
TEST(Parse, AnyBytesGiveAVerifiedGraphOrAnError) {
  const std::string sound = print(testing::every_op());
  const auto check = [](std::string_view text) {
    const auto graph = parse(text);
    if (graph) {
      EXPECT_TRUE(verify(*graph));
      EXPECT_TRUE(parse(print(*graph)) == *graph);
    } else {
      EXPECT_THAT(graph.error().message, HasSubstr("graph text, line "));
    }
  };
  for (size_t length = 0; length <= sound.size(); ++length) check(sound.substr(0, length));
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string text = sound;
    text[random() % text.size()] = static_cast<char>(random());
    check(text);
  }
}

TEST(Parse, ReadsTheGoldenFile) {
  std::ifstream file(SPYRE_SOURCE_DIR "/tests/golden/graph/llama_layer.txt");
  std::stringstream text;
  text << file.rdbuf();
  const auto graph = parse(text.str());
  ASSERT_TRUE(graph) << graph.error().message;
  EXPECT_EQ(print(*graph), text.str());
}

}  // namespace
}  // namespace spyre::graph
