// The first greedy token of every reference decoder, its log-probability and the five likeliest
// tokens, from the reference's own logits: what a wrong model cannot disturb.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/json.h"
#include "sample/rows.h"
#include "sample/sampler.h"

namespace spyre::sample {
namespace {

void expect_first_token(const Json& prompt) {
  const auto row = prompt.at("last_logits").get<std::vector<float>>();
  const Json& greedy = prompt.at("greedy");
  const auto ids = prompt.at("ids").get<std::vector<int32_t>>();
  Workspace workspace = workspace_for(row);
  SequenceSampler sampler({.temperature = 0, .logprobs = 5}, ids, static_cast<int64_t>(row.size()),
                          0, 0);
  std::vector<TokenLogprob> best(sampler.best_capacity());
  const auto token = sampler.sample(row, best, workspace);
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->id, greedy.at("ids")[0].get<int32_t>());
  EXPECT_NEAR(token->logprob, greedy.at("logprobs")[0].get<float>(), 1e-5);
  ASSERT_EQ(token->num_best, 5u);
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(best[i].id, greedy.at("top5_ids")[0][i].get<int32_t>());
    EXPECT_NEAR(best[i].logprob, greedy.at("top5_logprobs")[0][i].get<float>(), 1e-5);
  }
}

TEST(Reference, FirstTokens) {
  int checked = 0;
  for (const auto& folder :
       std::filesystem::directory_iterator(SPYRE_SOURCE_DIR "/tests/reference/decoders")) {
    std::ifstream file(folder.path() / "expected.json");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const auto expected = parse_json(text, folder.path().string());
    ASSERT_TRUE(expected) << expected.error().message;
    for (const Json& prompt : expected->at("prompts")) {
      SCOPED_TRACE(folder.path().filename().string());
      expect_first_token(prompt);
      ++checked;
    }
  }
  EXPECT_GE(checked, 39);
}

}  // namespace
}  // namespace spyre::sample
