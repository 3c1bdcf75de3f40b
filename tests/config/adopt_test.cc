#include "config/adopt.h"

#include <gtest/gtest.h>

#include "config/support.h"

namespace spyre::config {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::string_view kSource = "org/name";

TEST(Adopt, TakesWhatNobodySet) {
  auto settings = settings_of({}).value();
  const Wish wishes[] = {{"VLLM_SPYRE_MAX_LOAD_PROCESSES", "3"},
                         {"SENDNN_INFERENCE_N_TOKENS_PREFILL_PRIO", "5"},
                         {"--num-gpu-blocks-override", "7"}};
  const auto adopted = adopt(settings, wishes, kSource, {});
  ASSERT_TRUE(adopted) << message(adopted);
  EXPECT_THAT(adopted->taken, ElementsAre("VLLM_SPYRE_MAX_LOAD_PROCESSES=3",
                                          "SENDNN_INFERENCE_N_TOKENS_PREFILL_PRIO=5",
                                          "--num-gpu-blocks-override=7"));
  EXPECT_THAT(adopted->kept, IsEmpty());
  EXPECT_EQ(settings.integer(Setting::kMaxLoadProcesses), 3);
  EXPECT_EQ(settings.integer(Setting::kNumGpuBlocksOverride), 7);
  EXPECT_TRUE(settings.is_set(Setting::kNumGpuBlocksOverride));
  EXPECT_EQ(settings.source(Setting::kMaxLoadProcesses), Source::kCatalogue);
  EXPECT_THAT(settings.summary(), Contains("VLLM_SPYRE_MAX_LOAD_PROCESSES = 3 (known configuration "
                                           "org/name)"));
}

TEST(Adopt, KeepsWhatTheUserSet) {
  auto settings =
      settings_of({{"VLLM_SPYRE_MAX_LOAD_PROCESSES", "4"}, {"VLLM_SPYRE_N_BLOCKS", "0"}}).value();
  const Wish wishes[] = {{"VLLM_SPYRE_MAX_LOAD_PROCESSES", "3"}, {"VLLM_SPYRE_N_BLOCKS", "7"}};
  const auto adopted = adopt(settings, wishes, kSource, {});
  ASSERT_TRUE(adopted) << message(adopted);
  EXPECT_THAT(adopted->kept, ElementsAre("VLLM_SPYRE_MAX_LOAD_PROCESSES=4, wanted "
                                         "VLLM_SPYRE_MAX_LOAD_PROCESSES=3"));
  EXPECT_EQ(settings.integer(Setting::kMaxLoadProcesses), 4);
  // 0 blocks: as if it were not given.
  EXPECT_THAT(adopted->taken, ElementsAre("VLLM_SPYRE_N_BLOCKS=7"));

  const Wish same[] = {{"VLLM_SPYRE_MAX_LOAD_PROCESSES", "4"}};
  const auto agreed = adopt(settings, same, kSource, {});
  EXPECT_THAT(agreed->kept, IsEmpty());
  EXPECT_THAT(agreed->taken, IsEmpty());
}

TEST(Adopt, VariablesOfOthersAreLookedUp) {
  auto settings = settings_of({}).value();
  const Wish wishes[] = {{"CARD_A", "1"}, {"CARD_B", "2"}, {"CARD_C", "3"}};
  const auto adopted =
      adopt(settings, wishes, kSource, Environment({{"CARD_B", "2"}, {"CARD_C", "4"}}));
  ASSERT_TRUE(adopted) << message(adopted);
  EXPECT_THAT(adopted->not_ours, ElementsAre("CARD_A=1"));
  EXPECT_THAT(adopted->kept, ElementsAre("CARD_C=4, wanted CARD_C=3"));
}

TEST(Adopt, ValuesThatCannotBeAreErrors) {
  auto settings =
      settings_of({{"VLLM_SPYRE_USE_CB", "1"}}, {"serve", "m", "--max-model-len", "512"}).value();
  const Wish wrong[] = {{"VLLM_SPYRE_MAX_LOAD_PROCESSES", "many"}};
  EXPECT_THAT(message(adopt(settings, wrong, kSource, {})), says("org/name", "many"));
  const Wish clash[] = {{"VLLM_DT_MAX_BATCH_TKV_LIMIT", "64"}};
  EXPECT_THAT(message(adopt(settings, clash, kSource, {})), says("org/name", "at least", "512"));
}

TEST(Adopt, AVariableOfTheProcessIsWritten) {
  write_process_variable("SPYRE_TEST_OF_WRITING", "true");
  EXPECT_EQ(Environment::of_process().find("SPYRE_TEST_OF_WRITING"), "true");
}

}  // namespace
}  // namespace spyre::config
