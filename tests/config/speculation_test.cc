#include "config/speculation.h"

#include <gtest/gtest.h>

#include "config/support.h"

namespace spyre::config {
namespace {

Result<std::optional<SpeculativeConfig>> config_of(const std::string& json) {
  SPYRE_TRY_ASSIGN(const Settings settings,
                   settings_of({}, {"generate", "m", "--speculative-config", json}));
  return speculative_config(settings);
}

TEST(Speculation, OffUnlessItIsSet) {
  EXPECT_EQ(*speculative_config(*settings_of({})), std::nullopt);
}

TEST(Speculation, DefaultsAndNumbers) {
  EXPECT_EQ(*config_of(R"({"method": "ngram"})"), SpeculativeConfig());
  EXPECT_EQ(*config_of(R"({"method": "ngram", "num_speculative_tokens": 16,
                           "prompt_lookup_max": 5, "prompt_lookup_min": 3})"),
            (SpeculativeConfig{16, 5, 3}));
}

TEST(Speculation, OneLengthTakesTheOtherAlong) {
  EXPECT_EQ(*config_of(R"({"method": "ngram", "prompt_lookup_max": 1})"),
            (SpeculativeConfig{4, 1, 1}));
  EXPECT_EQ(*config_of(R"({"method": "ngram", "prompt_lookup_min": 7})"),
            (SpeculativeConfig{4, 7, 7}));
}

TEST(Speculation, IsWrittenInPartsAsWell) {
  const auto settings = settings_of({}, {"serve", "m", "--speculative-config.method", "ngram",
                                         "--speculative-config.num_speculative_tokens", "2"});
  ASSERT_TRUE(settings) << message(settings);
  EXPECT_EQ(*speculative_config(*settings), (SpeculativeConfig{2, 4, 2}));
  for (const char* command : {"serve", "generate", "chat", "plan", "replay"}) {
    EXPECT_TRUE(settings_of({}, {command, "m", "-sc", R"({"method":"ngram"})"})) << command;
  }
}

TEST(Speculation, TheRestIsRefused) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"{}", {"--speculative-config", "\"method\": \"ngram\"", "found none"}},
      {R"({"method": "eagle3"})", {"\"ngram\"", "found \"eagle3\""}},
      {R"({"method": 3})", {"found 3"}},
      {R"({"num_speculative_tokens": 2})", {"found none"}},
      {R"({"method": "ngram", "model": "x"})", {"wanted the keys method", "found \"model\""}},
      {R"({"method": "ngram", "num_speculative_tokens": 17})",
       {"num_speculative_tokens: wanted an integer from 1 to 16, found 17"}},
      {R"({"method": "ngram", "num_speculative_tokens": 0})", {"found 0"}},
      {R"({"method": "ngram", "num_speculative_tokens": 1.5})", {"found 1.5"}},
      {R"({"method": "ngram", "num_speculative_tokens": true})", {"found true"}},
      {R"({"method": "ngram", "prompt_lookup_max": 99999999999999999999})", {"prompt_lookup_max"}},
      {R"({"method": "ngram", "prompt_lookup_min": "2"})", {"prompt_lookup_min", "found \"2\""}},
      {R"({"method": "ngram", "prompt_lookup_max": 2, "prompt_lookup_min": 3})",
       {"prompt_lookup_min: wanted at most prompt_lookup_max (2), found 3"}},
      {"[1]", {"--speculative-config", "a JSON object"}},
      {"ngram", {"--speculative-config", "a JSON object"}},
  };
  for (const auto& [json, parts] : cases) {
    const std::string found = message(config_of(json));
    for (const std::string& part : parts) EXPECT_THAT(found, says(part)) << json;
  }
}

}  // namespace
}  // namespace spyre::config
