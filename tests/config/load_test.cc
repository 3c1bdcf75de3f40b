#include <gtest/gtest.h>

#include <cstdlib>

#include "config/support.h"

namespace spyre::config {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

TEST(Load, DefaultsNeedNothing) {
  const auto settings = settings_of({});
  ASSERT_TRUE(settings) << message(settings);
  EXPECT_THAT(settings->warnings(), IsEmpty());
  EXPECT_EQ(settings->text(Setting::kDynamoBackend), "sendnn");
  EXPECT_EQ(settings->integer(Setting::kMaxNumSeqs), 128);
  EXPECT_EQ(settings->real(Setting::kGpuMemoryUtilization), 0.92);
  EXPECT_EQ(settings->list(Setting::kWarmupPromptLens), std::vector<int64_t>{64});
  EXPECT_FALSE(settings->is_set(Setting::kMaxNumSeqs));
  EXPECT_EQ(settings->source(Setting::kMaxNumSeqs), Source::kDefault);
  EXPECT_EQ(settings->text(Setting::kPrompt), "");
  EXPECT_THAT(settings->texts(Setting::kStop), IsEmpty());
}

TEST(Load, FlagWinsOverVariableOverDefault) {
  const Variables variables = {{"VLLM_LOGGING_LEVEL", "ERROR"}};
  const auto by_variable = settings_of(variables);
  EXPECT_EQ(by_variable->text(Setting::kLoggingLevel), "ERROR");
  EXPECT_EQ(by_variable->source(Setting::kLoggingLevel), Source::kEnvironment);
  const auto by_flag = settings_of(variables, {"generate", "m", "--log-level", "DEBUG"});
  EXPECT_EQ(by_flag->text(Setting::kLoggingLevel), "DEBUG");
  EXPECT_EQ(by_flag->source(Setting::kLoggingLevel), Source::kFlag);
  EXPECT_EQ(by_flag->label(Setting::kLoggingLevel), "--log-level (or VLLM_LOGGING_LEVEL)");
}

TEST(Load, AutomaticIsNotSet) {
  const auto settings =
      settings_of({{"VLLM_SPYRE_NUM_CPUS", "0"}}, {"generate", "m", "--max-model-len", "auto"});
  EXPECT_FALSE(settings->is_set(Setting::kMaxModelLen));
  EXPECT_FALSE(settings->is_set(Setting::kNumCpus));
}

TEST(Load, AliasesAreTheSameSetting) {
  const auto settings = settings_of({{"SENDNN_INFERENCE_DYNAMO_BACKEND", "eager"}});
  EXPECT_EQ(settings->text(Setting::kDynamoBackend), "eager");
  EXPECT_TRUE(settings_of({{"SENDNN_INFERENCE_NUM_CPUS", "2"}, {"VLLM_SPYRE_NUM_CPUS", "2"}}));
  EXPECT_EQ(
      message(settings_of({{"SENDNN_INFERENCE_NUM_CPUS", "2"}, {"VLLM_SPYRE_NUM_CPUS", "3"}})),
      "VLLM_SPYRE_NUM_CPUS and SENDNN_INFERENCE_NUM_CPUS name the same setting: wanted one "
      "of them or equal values, found '3' and '2'");
}

TEST(Load, OldNamesWarn) {
  const auto settings = settings_of({{"HUGGING_FACE_HUB_TOKEN", "secret-1"}});
  EXPECT_EQ(settings->text(Setting::kHfToken), "secret-1");
  EXPECT_THAT(settings->warnings(),
              Contains("HUGGING_FACE_HUB_TOKEN is an old name; use HF_TOKEN"));
}

TEST(Load, SecretsStaySecret) {
  EXPECT_THAT(message(settings_of({{"HUGGING_FACE_HUB_TOKEN", "abc"}, {"HF_TOKEN", "def"}})),
              Not(HasSubstr("def")));
  const auto settings = settings_of({{"HF_TOKEN", "abc"}});
  EXPECT_THAT(settings->summary(), Contains("--hf-token = *** (environment HF_TOKEN)"));
}

TEST(Load, DeprecatedNamesWarn) {
  EXPECT_THAT(settings_of({{"VLLM_SPYRE_N_BLOCKS", "100"}})->warnings(),
              Contains("VLLM_SPYRE_N_BLOCKS is deprecated: use --num-gpu-blocks-override"));
  EXPECT_THAT(settings_of({}, {"serve", "m", "--task", "generate"})->warnings(),
              Contains("--task is deprecated: use --runner and --convert"));
  EXPECT_THAT(settings_of({{"VLLM_SPYRE_DYNAMO_BACKEND", "sendnn_decoder"}})->warnings(),
              Contains(HasSubstr("old name; use sendnn")));
  EXPECT_THAT(settings_of({{"VLLM_USE_V1", "0"}})->warnings(), Contains(HasSubstr("VLLM_USE_V1")));
}

TEST(Load, MissingFeaturesWarnWhereTheyMatter) {
  const Variables variables = {{"VLLM_SPYRE_MAX_LOAD_PROCESSES", "1"}, {"OMP_NUM_THREADS", "4,2"}};
  EXPECT_THAT(settings_of(variables)->warnings(),
              testing::ElementsAre("VLLM_SPYRE_MAX_LOAD_PROCESSES is set, but its feature is not "
                                   "there yet: it has no effect"));
  EXPECT_THAT(settings_of(variables, {"tokenize", "m"})->warnings(), IsEmpty());
}

TEST(Load, UnknownVariablesOfOursWarn) {
  EXPECT_THAT(settings_of({{"VLLM_SPYRE_USECB", "1"}, {"OTHER_USECB", "1"}})->warnings(),
              testing::ElementsAre("VLLM_SPYRE_USECB is no setting: it has no effect; did you mean "
                                   "VLLM_SPYRE_USE_CB?"));
}

TEST(Load, EmptyTextVariablesAreNotThere) {
  const auto settings = settings_of({{"HF_HOME", ""}, {"HF_HUB_OFFLINE", ""}, {"HF_TOKEN", ""}});
  ASSERT_TRUE(settings);
  EXPECT_FALSE(settings->is_set(Setting::kHfHome));
  EXPECT_FALSE(settings_of({{"VLLM_SPYRE_USE_CB", ""}}));
}

TEST(Load, WrongValuesNameTheirSetting) {
  EXPECT_THAT(message(settings_of({{"VLLM_SPYRE_USE_CB", "true"}})),
              says("VLLM_SPYRE_USE_CB: wanted 0 or 1, found 'true'"));
  EXPECT_THAT(message(settings_of({{"SENDNN_INFERENCE_USE_CB", "true"}})),
              says("SENDNN_INFERENCE_USE_CB: wanted"));
  EXPECT_THAT(message(settings_of({}, {"generate", "m", "--threads", "many"})),
              says("--threads: wanted an integer", "'many'"));
}

TEST(Load, RepeatedFlagsCollect) {
  const auto settings = settings_of({}, {"generate", "m", "--stop", "a", "--stop=b"});
  EXPECT_EQ(settings->texts(Setting::kStop), (std::vector<std::string>{"a", "b"}));
}

TEST(Load, SummaryIsWhatWasGiven) {
  EXPECT_THAT(settings_of({{"VLLM_SPYRE_NUM_CPUS", "2"}})->summary(),
              testing::ElementsAre("--model = m (flag)",
                                   "VLLM_SPYRE_NUM_CPUS = 2 (environment VLLM_SPYRE_NUM_CPUS)"));
}

TEST(Environment, SnapshotOfTheProcess) {
  ASSERT_EQ(setenv("SPYRE_CONFIG_TEST", "a=b", 1), 0);
  const Environment environment = Environment::of_process();
  EXPECT_EQ(environment.find("SPYRE_CONFIG_TEST"), "a=b");
  ASSERT_EQ(unsetenv("SPYRE_CONFIG_TEST"), 0);
  EXPECT_EQ(environment.find("SPYRE_CONFIG_TEST"), "a=b");
  EXPECT_EQ(environment.find("SPYRE_CONFIG"), std::nullopt);
}

}  // namespace
}  // namespace spyre::config
