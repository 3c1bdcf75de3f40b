#include "config/value.h"

#include <gtest/gtest.h>

#include "config/support.h"

namespace spyre::config {
namespace {

Result<Value> parse(Setting setting, const std::string& text) {
  const SettingInfo& row = info(setting);
  return parse_value(row, {&text, 1}, {Source::kFlag, std::string(name(setting))});
}

TEST(Value, BooleansAreIntegers) {
  EXPECT_EQ(std::get<bool>(parse(Setting::kUseCb, "1")->meaning), true);
  EXPECT_EQ(std::get<bool>(parse(Setting::kUseCb, "0")->meaning), false);
  EXPECT_EQ(message(parse(Setting::kUseCb, "true")),
            "VLLM_SPYRE_USE_CB: wanted 0 or 1, found 'true'");
  for (const char* wrong : {"", "2", "-1", "yes", "1 0"}) {
    EXPECT_THAT(message(parse(Setting::kUseCb, wrong)), says("wanted 0 or 1")) << wrong;
  }
}

TEST(Value, TheHubsOwnSwitchTakesWords) {
  EXPECT_EQ(std::get<bool>(parse(Setting::kHfHubOffline, "True")->meaning), true);
  EXPECT_EQ(std::get<bool>(parse(Setting::kHfHubOffline, "off")->meaning), false);
  EXPECT_THAT(message(parse(Setting::kHfHubOffline, "maybe")), says("HF_HUB_OFFLINE", "'maybe'"));
}

TEST(Value, UnknownBackendNamesTheKnown) {
  EXPECT_EQ(message(parse(Setting::kDynamoBackend, "sendn")),
            "VLLM_SPYRE_DYNAMO_BACKEND: wanted one of eager, inductor, sendnn, "
            "sendnn_compile_only, found 'sendn'");
  EXPECT_FALSE(parse(Setting::kDynamoBackend, ""));
  EXPECT_FALSE(parse(Setting::kDynamoBackend, "eager "));
}

TEST(Value, ChoicesBecomeCanonical) {
  EXPECT_EQ(parse(Setting::kDynamoBackend, "sendnn_decoder")->text, "sendnn");
  EXPECT_EQ(parse(Setting::kDtype, "half")->text, "float16");
  EXPECT_EQ(parse(Setting::kDtype, "half")->given, "half");
  EXPECT_EQ(parse(Setting::kLoggingLevel, "debug")->text, "DEBUG");
  EXPECT_FALSE(parse(Setting::kDtype, "half=float16"));
}

TEST(Value, ListsOfIntegers) {
  using Integers = std::vector<int64_t>;
  EXPECT_EQ(std::get<Integers>(parse(Setting::kWarmupPromptLens, "64, 128 ,192")->meaning),
            (Integers{64, 128, 192}));
  EXPECT_EQ(parse(Setting::kWarmupPromptLens, "64, 128")->text, "64,128");
  for (const char* empty : {"", "64,", ",64", "64,,128", " "}) {
    EXPECT_THAT(message(parse(Setting::kWarmupPromptLens, empty)), says("no empty item")) << empty;
  }
  EXPECT_EQ(message(parse(Setting::kWarmupPromptLens, "64,100")),
            "VLLM_SPYRE_WARMUP_PROMPT_LENS: wanted integers separated by commas, each an integer, "
            "a multiple of 64, found '100' in '64,100'");
  EXPECT_THAT(message(parse(Setting::kTokenIds, "1,-2")), says("token ids separated", "'-2'"));
  for (const char* wrong : {"64;128", "64x", "0", "-64", "99999999999999999999", "64 128"}) {
    EXPECT_FALSE(parse(Setting::kWarmupPromptLens, wrong)) << wrong;
  }
  EXPECT_FALSE(parse(Setting::kWarmupBatchSizes, "0"));
}

TEST(Value, NumbersKeepTheirRange) {
  EXPECT_EQ(std::get<int64_t>(parse(Setting::kThreads, "8")->meaning), 8);
  EXPECT_EQ(message(parse(Setting::kThreads, "0")),
            "--threads: wanted an integer from 1 to 1024, found '0'");
  EXPECT_THAT(message(parse(Setting::kTemperature, "2.5")), says("a number from 0 to 2"));
  EXPECT_THAT(message(parse(Setting::kTopP, "0")), says("a number above 0, at most 1"));
  EXPECT_THAT(message(parse(Setting::kRepetitionPenalty, "inf")), says("a number above 0"));
  EXPECT_TRUE(parse(Setting::kMaxWaitingTimeSeconds, "inf"));
  EXPECT_FALSE(parse(Setting::kMaxWaitingTimeSeconds, "nan"));
}

TEST(Value, AutomaticNumbers) {
  EXPECT_TRUE(parse(Setting::kMaxModelLen, "auto")->automatic);
  EXPECT_TRUE(parse(Setting::kMaxModelLen, "-1")->automatic);
  EXPECT_FALSE(parse(Setting::kMaxModelLen, "4k")->automatic);
  EXPECT_EQ(std::get<int64_t>(parse(Setting::kMaxModelLen, "4k")->meaning), 4000);
  EXPECT_TRUE(parse(Setting::kNumCpus, "0")->automatic);
  EXPECT_FALSE(parse(Setting::kNumCpus, "auto"));
  for (const char* wrong : {"-2", "0", "4096 tokens", "4x", "9223372036854775807K"}) {
    EXPECT_FALSE(parse(Setting::kMaxModelLen, wrong)) << wrong;
  }
}

TEST(Value, JsonHasItsKind) {
  EXPECT_TRUE(parse(Setting::kHfOverrides, R"({"a": 1})"));
  EXPECT_THAT(message(parse(Setting::kHfOverrides, "[1]")), says("--hf-overrides", "JSON object"));
  EXPECT_FALSE(parse(Setting::kHfOverrides, "{"));
  EXPECT_EQ(std::get<std::vector<std::string>>(parse(Setting::kAllowedOrigins, "[\"*\"]")->meaning),
            std::vector<std::string>{"*"});
  EXPECT_THAT(message(parse(Setting::kAllowedOrigins, "[1]")), says("JSON list of strings"));
}

TEST(Value, CpuRanges) {
  for (const char* fine : {"auto", "nobind", "0", "0-3,8", "0-15|16-31"}) {
    EXPECT_TRUE(parse(Setting::kCpuOmpThreadsBind, fine)) << fine;
  }
  for (const char* wrong : {"", "3-1", "0-", "-1", "a", "0,,1", "0|", "70000"}) {
    EXPECT_FALSE(parse(Setting::kCpuOmpThreadsBind, wrong)) << wrong;
  }
}

TEST(Value, BiasesBecomeJson) {
  EXPECT_EQ(parse(Setting::kLogitBias, "5:1.5, 7:-2")->text, R"({"5":1.5,"7":-2.0})");
  EXPECT_EQ(parse(Setting::kLogitBias, R"({"5": 1.5})")->text, R"({"5":1.5})");
  for (const char* wrong : {"", "5", "5:", ":1", "a:1", "-1:1", "5:101", "5:nan", "{\"5\":\"x\"}",
                            "[1]", "5:1,", "99999999999:1"}) {
    EXPECT_THAT(message(parse(Setting::kLogitBias, wrong)), says("--logit-bias", "token ids"))
        << wrong;
  }
}

TEST(Value, RepeatedFlagsCollectOrTheLastCounts) {
  const std::vector<std::string> given = {"1", "2"};
  const auto stops = parse_value(info(Setting::kStop), given, {Source::kFlag, "--stop"});
  EXPECT_EQ(std::get<std::vector<std::string>>(stops->meaning), given);
  const auto seed = parse_value(info(Setting::kSeed), given, {Source::kFlag, "--seed"});
  EXPECT_EQ(std::get<int64_t>(seed->meaning), 2);
}

TEST(Value, MessagesNameVariableAndFlagAndStayShort) {
  const std::string text = "LOUD";
  const auto value = parse_value(info(Setting::kLoggingLevel), {&text, 1},
                                 {Source::kEnvironment, "VLLM_LOGGING_LEVEL"});
  EXPECT_THAT(message(value), says("VLLM_LOGGING_LEVEL (or --log-level): wanted one of DEBUG"));
  EXPECT_THAT(message(parse(Setting::kThreads, "1\x1b[2J\n")), says("found '1?[2J?'"));
  EXPECT_LT(message(parse(Setting::kThreads, std::string(100000, '9'))).size(), 300u);
}

}  // namespace
}  // namespace spyre::config
