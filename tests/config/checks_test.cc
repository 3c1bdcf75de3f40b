#include "config/checks.h"

#include <gtest/gtest.h>

#include "config/support.h"

namespace spyre::config {
namespace {

using Args = std::vector<std::string>;

struct Refused {
  Variables variables;
  Args args;
  std::vector<std::string> says;
};

TEST(Checks, RefusedCombinations) {
  const std::vector<Refused> cases = {
      {{{"VLLM_USE_V1", "0"}, {"VLLM_SPYRE_USE_CB", "1"}},
       {},
       {"VLLM_SPYRE_USE_CB=1", "VLLM_USE_V1=0"}},
      {{{"VLLM_SPYRE_USE_CHUNKED_PREFILL", "1"}},
       {},
       {"VLLM_SPYRE_USE_CHUNKED_PREFILL=1",
        "cannot use chunked prefill without continuous batching", "VLLM_SPYRE_USE_CB=1"}},
      {{{"VLLM_SPYRE_USE_CHUNKED_PREFILL", "1"}, {"VLLM_SPYRE_USE_CB", "1"}},
       {"--max-num-batched-tokens", "100"},
       {"--max-num-batched-tokens", "divisible by the block size (64)", "found 100"}},
      {{{"VLLM_SPYRE_USE_CHUNKED_PREFILL", "1"},
        {"VLLM_SPYRE_USE_CB", "1"},
        {"VLLM_DT_CHUNK_LEN", "128"}},
       {"--max-num-batched-tokens", "256"},
       {"VLLM_DT_CHUNK_LEN", "128 and 256"}},
      {{}, {"--enable-prefix-caching"}, {"cannot use prefix caching without chunked prefill"}},
      {{{"VLLM_SPYRE_USE_CB", "1"}, {"VLLM_DT_MAX_BATCH_TKV_LIMIT", "1024"}},
       {"--max-model-len", "2048"},
       {"VLLM_DT_MAX_BATCH_TKV_LIMIT", "at least --max-model-len (2048)", "found 1024"}},
      {{},
       {"--num-gpu-blocks-override", "3", "--max-model-len", "193"},
       {"--num-gpu-blocks-override", "need at least 4 pages"}},
      {{}, {"--task", "embed", "--runner", "generate"}, {"--task embed", "--runner generate"}},
      {{}, {"--runner", "pooling", "--load-format", "dummy"}, {"--load-format dummy"}},
      {{}, {"--task", "embedding"}, {"spyre generate", "spyre embed"}},
      {{}, {"--runner", "pooling"}, {"spyre generate", "spyre score"}},
      {{}, {"--convert", "classify"}, {"spyre generate", "pooling"}},
      {{},
       {"--convert", "embed", "--runner", "generate"},
       {"--convert embed", "--runner generate"}},
      {{}, {"--format", "npy"}, {"--format", "text or json", "found npy"}},
      {{}, {"--runner", "draft"}, {"one of auto, generate, pooling", "'draft'"}},
      {{{"TORCH_SENDNN_CACHE_ENABLE", "1"}},
       {},
       {"TORCH_SENDNN_CACHE_ENABLE=1", "TORCH_SENDNN_CACHE_DIR"}},
      {{{"VLLM_DT_CHUNK_LEN", "many"}}, {}, {"VLLM_DT_CHUNK_LEN", "an integer"}},
      {{{"VLLM_DT_MAX_BATCH_TKV_LIMIT", "1k"}}, {}, {"VLLM_DT_MAX_BATCH_TKV_LIMIT", "an integer"}},
      {{}, {"--min-tokens", "9", "--max-tokens", "5"}, {"--min-tokens", "--max-tokens (5)"}},
      {{}, {"--temperature", "0", "--n", "2"}, {"--n", "--temperature 0"}},
  };
  for (const Refused& each : cases) {
    Args args = {"generate", "m"};
    args.insert(args.end(), each.args.begin(), each.args.end());
    const std::string found = message(settings_of(each.variables, args));
    for (const std::string& part : each.says) EXPECT_THAT(found, testing::HasSubstr(part));
  }
}

TEST(Checks, PoolingIsForCommandsThatPool) {
  for (const char* command : {"serve", "embed", "score", "plan"}) {
    for (const Args& args :
         {Args{"--runner", "pooling"}, Args{"--convert", "embed"}, Args{"--task", "embed"},
          Args{"--pooler-config", "{}"}, Args{"--no-pack-tokens"}}) {
      Args all = {command, "m"};
      all.insert(all.end(), args.begin(), args.end());
      EXPECT_EQ(message(settings_of({}, all)), "no error") << command << " " << args[0];
    }
  }
  EXPECT_THAT(message(settings_of({}, {"embed", "m", "--runner", "generate"})),
              says("spyre embed", "spyre generate"));
  EXPECT_THAT(message(settings_of({}, {"serve", "m", "--convert", "embed", "--task", "classify"})),
              says("--convert embed", "--task classify"));
  EXPECT_THAT(message(settings_of({}, {"embed", "m", "--format", "json"})),
              says("jsonl or npy", "found json"));
}

// A pooling model needs no new tokens, and the older engine is not deprecated for it.
TEST(Checks, PoolingModelsRunOnEitherEngine) {
  const auto settings = settings_of({{"VLLM_USE_V1", "0"},
                                     {"VLLM_SPYRE_WARMUP_PROMPT_LENS", "64,128"},
                                     {"VLLM_SPYRE_WARMUP_BATCH_SIZES", "4,2"}},
                                    {"serve", "m", "--runner", "pooling"});
  ASSERT_TRUE(settings) << settings.error().message;
  EXPECT_TRUE(settings->warnings().empty() ||
              settings->warnings()[0].find("VLLM_USE_V1") == std::string::npos);
}

TEST(Checks, RefusedServerCombinations) {
  for (const auto& [args, part] : std::vector<std::pair<Args, std::string>>{
           {{"--ssl-keyfile", "k"}, "--ssl-certfile"},
           {{"--ssl-certfile", "c"}, "--ssl-keyfile"},
           {{"--enable-log-outputs"}, "--enable-log-requests"}}) {
    Args all = {"serve", "m"};
    all.insert(all.end(), args.begin(), args.end());
    EXPECT_THAT(message(settings_of({}, all)), says(args[0], "wanted " + part));
  }
}

TEST(Checks, AllowedCombinations) {
  for (const Variables& variables : std::vector<Variables>{
           {{"VLLM_USE_V1", "0"}},
           {{"VLLM_SPYRE_USE_CB", "1"}, {"VLLM_SPYRE_USE_CHUNKED_PREFILL", "1"}},
           {{"TORCH_SENDNN_CACHE_ENABLE", "1"}, {"TORCH_SENDNN_CACHE_DIR", "cache"}},
           {{"TORCH_SENDNN_CACHE_ENABLE", "1"}, {"VLLM_DISABLE_COMPILE_CACHE", "1"}}}) {
    const auto settings = settings_of(variables);
    EXPECT_TRUE(settings) << message(settings);
  }
  EXPECT_TRUE(settings_of({}, {"generate", "m", "--no-enable-prefix-caching"}));
  EXPECT_TRUE(settings_of({}, {"serve", "m", "--max-num-batched-tokens", "100"}));
  EXPECT_TRUE(settings_of({}, {"serve", "m", "--no-enable-log-outputs"}));
  for (const char* task : {"auto", "generate"}) {
    EXPECT_TRUE(settings_of({}, {"serve", "m", "--task", task, "--runner", task}));
  }
  EXPECT_THAT(
      settings_of({}, {"serve", "m", "--runner", "generate", "--convert", "none"})->warnings(),
      testing::IsEmpty());
}

TEST(Checks, TheOldNameOfABackendWarns) {
  EXPECT_THAT(settings_of({{"VLLM_SPYRE_DYNAMO_BACKEND", "sendnn_decoder"}})->warnings(),
              testing::Contains(testing::HasSubstr("an old name; use sendnn")));
  EXPECT_THAT(settings_of({{"VLLM_SPYRE_DYNAMO_BACKEND", "eager"}})->warnings(),
              testing::IsEmpty());
}

}  // namespace
}  // namespace spyre::config
