// Every pass on a small graph, text in, text out: tests/golden/passes/<pass>.txt holds the graph,
// then the module before the pass (all earlier passes done), then after. When a change is meant,
// run with SPYRE_WRITE_GOLDEN=1 and read the difference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "compile/pipeline.h"
#include "compile/testing.h"

namespace spyre::compile::testing {
namespace {

constexpr std::string_view kBefore = "\n-- before\n";
constexpr std::string_view kAfter = "\n-- after\n";

std::filesystem::path folder() { return SPYRE_SOURCE_DIR "/tests/golden/passes"; }

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> pass_names() {
  return {
#define SPYRE_PASS(function, name, optional) name,
#include "compile/passes/passes.inc"
#undef SPYRE_PASS
  };
}

class Passes : public ::testing::TestWithParam<std::string> {};

TEST_P(Passes, DoWhatTheirGoldenTextSays) {
  const std::filesystem::path path = folder() / (GetParam() + ".txt");
  const std::string wanted = text_of(path);
  const std::string input = wanted.substr(0, wanted.find(kBefore));
  const auto graph = graph::parse(input);
  ASSERT_TRUE(graph) << path << ": " << graph.error().message;

  std::string before;
  std::string after;
  PipelineOptions options;
  options.observer = [&](const PassReport& report, const Module& module) {
    if (report.name == GetParam()) after = print(module);
    if (after.empty()) before = print(module);
  };
  const auto module = run_passes(*graph, formats_of(*graph), options);
  ASSERT_TRUE(module) << module.error().message;
  if (before.empty()) before = print(*graph);
  std::string found = input;
  while (found.ends_with('\n')) found.pop_back();
  found += "\n";
  found += kBefore;
  found += before;
  found += kAfter;
  found += after;
  if (std::getenv("SPYRE_WRITE_GOLDEN") != nullptr) std::ofstream(path) << found;
  EXPECT_EQ(found, wanted);
  EXPECT_NE(before, after) << "the graph gives the pass nothing to do";
}

INSTANTIATE_TEST_SUITE_P(All, Passes, ::testing::ValuesIn(pass_names()), [](const auto& each) {
  std::string name = each.param;
  std::ranges::replace(name, '-', '_');
  return name;
});

}  // namespace
}  // namespace spyre::compile::testing
