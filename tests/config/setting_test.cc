#include "config/setting.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "config/value.h"

namespace spyre::config {
namespace {

TEST(Setting, TableIsInTheOrderOfTheEnum) {
  for (size_t i = 0; i < table().size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(table()[i].setting), i) << name(table()[i].setting);
  }
}

TEST(Setting, EachRowCanBeGivenAndSaysWhatItIs) {
  for (const SettingInfo& row : table()) {
    EXPECT_FALSE(row.env.empty() && row.flag.empty());
    EXPECT_FALSE(row.text.empty()) << name(row.setting);
    EXPECT_EQ(row.text.back(), '.') << name(row.setting);
    EXPECT_FALSE(expectation(row).empty()) << name(row.setting);
    EXPECT_NE(row.commands, 0) << name(row.setting);
    if (!row.flag.empty()) {
      EXPECT_TRUE(row.flag.starts_with("--")) << row.flag;
    }
    EXPECT_EQ(row.type == Type::kChoice, !row.values.empty() && row.values != "inf") << row.flag;
  }
}

TEST(Setting, NamesAreUnique) {
  std::set<std::string> seen;
  for (const SettingInfo& row : table()) {
    for (const std::string& each : {std::string(row.env), alias_env(row), std::string(row.old_env),
                                    std::string(row.flag), std::string(row.short_flag)}) {
      if (!each.empty()) {
        EXPECT_TRUE(seen.insert(each).second) << each;
      }
    }
  }
}

TEST(Setting, DefaultsParse) {
  for (const SettingInfo& row : table()) {
    if (row.fallback.empty()) continue;
    const std::string fallback(row.fallback);
    const auto value = parse_value(row, {&fallback, 1}, {});
    EXPECT_TRUE(value) << name(row.setting);
  }
}

// Numbers and booleans of the mode have a value whatever is given: readers need no is_set().
TEST(Setting, BooleansHaveDefaults) {
  for (const SettingInfo& row : table()) {
    if (row.type == Type::kBool) {
      EXPECT_FALSE(row.fallback.empty()) << name(row.setting);
    }
  }
}

TEST(Setting, HasEveryVariableOfTheConfigurationReference) {
  std::set<std::string_view> known;
  for (const SettingInfo& row : table()) known.insert(row.env);
  for (const std::string_view suffix : {"DYNAMO_BACKEND",
                                        "USE_CB",
                                        "WARMUP_PROMPT_LENS",
                                        "WARMUP_NEW_TOKENS",
                                        "WARMUP_BATCH_SIZES",
                                        "RM_PADDED_BLOCKS",
                                        "PERF_METRIC_LOGGING_ENABLED",
                                        "PERF_METRIC_LOGGING_DIR",
                                        "OVERRIDE_SIGNALS_HANDLER",
                                        "ENABLE_PROMPT_LOGPROBS",
                                        "N_BLOCKS",
                                        "UPDATE_THREAD_CONFIG",
                                        "MAX_LOAD_PROCESSES",
                                        "ENABLE_PREFILL_OPTIMIZATION",
                                        "WORKER_LOG_REDIRECT_DIR",
                                        "N_TOKENS_PREFILL_PRIO",
                                        "MAX_WAITING_TIME_SECONDS",
                                        "GLOO_TIMEOUT_MINUTES",
                                        "REQUIRE_PRECOMPILED_DECODERS",
                                        "SIMPLE_COMPILE_BACKEND",
                                        "NUM_CPUS",
                                        "USE_CHUNKED_PREFILL",
                                        "CP_INTERLEAVE_STEPS",
                                        "REQUIRE_KNOWN_CONFIG",
                                        "MODEL_CONFIG_FILE",
                                        "PAUSING_ENABLED",
                                        "LONG_OUT_PRIO",
                                        "CPU_MM_DTYPE",
                                        "MM_DEVICE",
                                        "ASYNC_MM_ENCODER",
                                        "TP_MM_SHARING"}) {
    EXPECT_TRUE(known.contains("VLLM_SPYRE_" + std::string(suffix))) << suffix;
  }
  for (const std::string_view variable : {"TORCH_SENDNN_CACHE_ENABLE",
                                          "TORCH_SENDNN_CACHE_DIR",
                                          "DISABLE_COMPILATION",
                                          "VLLM_DT_MAX_CONTEXT_LEN",
                                          "VLLM_DT_MAX_BATCH_SIZE",
                                          "VLLM_DT_MAX_BATCH_TKV_LIMIT",
                                          "VLLM_DT_CHUNK_LEN",
                                          "VLLM_USE_V1",
                                          "MASTER_ADDR",
                                          "MASTER_PORT",
                                          "OMP_NUM_THREADS",
                                          "DT_PARALLEL_THREADS",
                                          "OPENBLAS_NUM_THREADS",
                                          "MKL_NUM_THREADS",
                                          "VLLM_API_KEY",
                                          "VLLM_LOGGING_LEVEL",
                                          "VLLM_CONFIGURE_LOGGING",
                                          "VLLM_CACHE_ROOT",
                                          "VLLM_HOST_IP",
                                          "VLLM_PORT",
                                          "VLLM_CPU_KVCACHE_SPACE",
                                          "VLLM_CPU_OMP_THREADS_BIND",
                                          "VLLM_CPU_NUM_OF_RESERVED_CPU",
                                          "VLLM_ALLOW_LONG_MAX_MODEL_LEN",
                                          "VLLM_SKIP_MODEL_NAME_VALIDATION",
                                          "VLLM_SERVER_DEV_MODE",
                                          "VLLM_DISABLE_COMPILE_CACHE",
                                          "VLLM_NO_USAGE_STATS",
                                          "HF_HOME",
                                          "HF_HUB_CACHE",
                                          "HF_TOKEN",
                                          "HF_ENDPOINT",
                                          "HF_HUB_OFFLINE"}) {
    EXPECT_TRUE(known.contains(variable)) << variable;
  }
}

TEST(Setting, NameIsTheFlagOrTheVariable) {
  EXPECT_EQ(name(Setting::kMaxModelLen), "--max-model-len");
  EXPECT_EQ(name(Setting::kUseCb), "VLLM_SPYRE_USE_CB");
}

TEST(Setting, AliasIsForSpyreVariablesOnly) {
  EXPECT_EQ(alias_env(info(Setting::kUseCb)), "SENDNN_INFERENCE_USE_CB");
  EXPECT_EQ(alias_env(info(Setting::kUseV1)), "");
}

}  // namespace
}  // namespace spyre::config
