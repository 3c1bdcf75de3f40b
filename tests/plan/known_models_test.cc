#include "plan/known_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre::plan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string message(std::string_view text) {
  const auto known = parse_known_models(text, "known.yaml");
  return known ? "no error" : known.error().message;
}

// One model with these lines under it.
std::string model(std::string_view lines) { return fmt::format("models:\n  m:\n{}", lines); }

constexpr std::string_view kArchitecture = "    architecture: {model_type: llama}\n";

std::string continuous(std::string_view configs) {
  return model(fmt::format("{}    continuous_batching_configs:\n{}", kArchitecture, configs));
}

TEST(KnownModels, EverythingThatAModelMayHave) {
  const auto known = parse_known_models(
      R"(
_shared: &card
  env_vars: {VLLM_DT_MAX_BATCH_TKV_LIMIT: 131072, NAME: text}
  num_gpu_blocks_override: {older: 2080, default: 8192}
models:
  org/name:
    architecture: {model_type: granite, vocab_size: 5, inner: {kind: "1"}}
    platforms: [x86_64, s390x]
    static_batching_configs:
      - tp_size: 1
        warmup_shapes:
          - {prompt_len: 64, new_tokens: 20, batch_size: 4}
          - {prompt_len: 128, new_tokens: 0, batch_size: 2}
    continuous_batching_configs:
      - {tp_size: 4, max_model_len: 8192, max_num_seqs: 32, device_config: *card}
      - {tp_size: 1, max_model_len: 8192, max_num_seqs: 32}
)",
      "known.yaml");
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_THAT(known->warnings, IsEmpty());
  ASSERT_EQ(known->models.size(), 1);
  const KnownModel& m = known->models[0];
  EXPECT_EQ(m.name, "org/name");
  EXPECT_EQ(m.architecture.dump(),
            R"({"model_type":"granite","vocab_size":5,"inner":{"kind":"1"}})");
  EXPECT_THAT(m.platforms, ElementsAre("x86_64", "s390x"));
  ASSERT_EQ(m.static_configs.size(), 1);
  EXPECT_THAT(m.static_configs[0].shapes,
              ElementsAre(KnownShape{64, 20, 4}, KnownShape{128, std::nullopt, 2}));
  EXPECT_EQ(text(m.static_configs[0]), "tp 1, warmup shapes (64,20,4), (128,0,2)");
  ASSERT_EQ(m.continuous_configs.size(), 2);
  EXPECT_EQ(text(m.continuous_configs[0]), "tp 4, max_model_len 8192, max_num_seqs 32");
  EXPECT_THAT(m.continuous_configs[0].variables,
              ElementsAre(KnownVariable{"VLLM_DT_MAX_BATCH_TKV_LIMIT", "131072"},
                          KnownVariable{"NAME", "text"}));
  EXPECT_EQ(m.continuous_configs[0].num_gpu_blocks_override, 8192);
  EXPECT_EQ(m.continuous_configs[1].num_gpu_blocks_override, std::nullopt);
}

TEST(KnownModels, ErrorsNameTheLine) {
  EXPECT_THAT(message("a: b: c"), AllOf(HasSubstr("known.yaml, line 1"), HasSubstr("not YAML")));
  EXPECT_THAT(message("name: {}"), HasSubstr("known.yaml: wanted models:"));
  EXPECT_THAT(message("models: [m]"), HasSubstr("a map of names to models"));
  EXPECT_THAT(message("- a"), HasSubstr("wanted models:"));
  EXPECT_THAT(message("models:\n  m: {}\n  m: {}\n"), HasSubstr("line 2: wanted architecture:"));
  EXPECT_THAT(message(model("    platforms: [a]\n")), HasSubstr("line 2: wanted architecture:"));
  EXPECT_THAT(message(model("    architecture: {vocab_size: 5}\n")),
              AllOf(HasSubstr("line 3: wanted a model_type"), HasSubstr("model 'm'")));
  EXPECT_THAT(message(model("    architecture:\n      model_type: llama\n      vocab_size:\n")),
              AllOf(HasSubstr("line 5: 'vocab_size' has no value"), HasSubstr("model 'm'")));
  EXPECT_THAT(message(model("    architecture: {model_type: a, b: {c: null}}\n")),
              HasSubstr("'c' has no value"));
  EXPECT_THAT(message(model(kArchitecture)),
              HasSubstr("line 2: wanted at least one configuration, in static_batching_configs"));
  EXPECT_THAT(message(continuous("      - {tp_size: 1, max_model_len: 64}\n")),
              HasSubstr("line 5: wanted max_num_seqs: an integer of at least 1"));
  EXPECT_THAT(message(continuous("      - {tp_size: 1, max_model_len:, max_num_seqs: 1}\n")),
              HasSubstr("line 5: 'max_model_len' has no value"));
  EXPECT_THAT(message(continuous("      - tp_size: one\n        max_model_len: 64\n")),
              HasSubstr("line 5: wanted tp_size: an integer"));
  for (const char* wrong : {"0", "-1", "1.5", "99999999999999999999", "[1]", "1k"}) {
    EXPECT_THAT(message(continuous(fmt::format("      - tp_size: {}\n", wrong))),
                HasSubstr("wanted tp_size: an integer of at least 1"))
        << wrong;
  }
  EXPECT_THAT(message(continuous("      {a: 1}\n")), HasSubstr("wanted a list in continuous"));
  EXPECT_THAT(message(continuous("      - 5\n")), HasSubstr("wanted keys tp_size"));
}

TEST(KnownModels, NothingIsThereTwice) {
  const std::string config = "      - {tp_size: 1, max_model_len: 64, max_num_seqs: 2}\n";
  const std::string card =
      "      - {tp_size: 1, max_model_len: 64, max_num_seqs: 2, device_config: "
      "{num_gpu_blocks_override: 4}}\n";
  EXPECT_EQ(message(continuous(config)), "no error");
  EXPECT_THAT(message(continuous(config + card)),
              HasSubstr("line 6: the configuration tp 1, max_model_len 64, max_num_seqs 2 is there "
                        "twice (model 'm')"));
  const auto shapes = [](std::string_view first, std::string_view second) {
    return fmt::format("      - {{tp_size: 1, warmup_shapes: [{}, {}]}}\n", first, second);
  };
  const std::string_view one = "{prompt_len: 64, batch_size: 1}";
  const std::string_view two = "{prompt_len: 128, batch_size: 1}";
  const std::string twice = model(fmt::format("{}    static_batching_configs:\n{}{}", kArchitecture,
                                              shapes(one, two), shapes(two, one)));
  EXPECT_THAT(message(twice), HasSubstr("line 6: the configuration tp 1, warmup shapes"));
  const std::string entry = continuous(config);
  EXPECT_THAT(message(entry + entry.substr(entry.find("  m:"))),
              HasSubstr("line 6: the model 'm' is there twice"));
}

TEST(KnownModels, KeysThatNobodyReadsAreNamed) {
  const auto known = parse_known_models(
      continuous("      - {tp_size: 1, max_model_len: 64, max_num_seqs: 2, max_tokens: 5}\n"),
      "known.yaml");
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_THAT(known->warnings,
              ElementsAre(AllOf(HasSubstr("known.yaml, line 5"), HasSubstr("'max_tokens'"))));
}

TEST(KnownModels, TheBuiltInOnesAreSound) {
  const auto known = parse_known_models(built_in_known_models(), "built-in");
  ASSERT_TRUE(known) << known.error().message;
  EXPECT_THAT(known->warnings, IsEmpty());
  EXPECT_EQ(known->models.size(), 21);
  const auto& fp8 = known->models[1];
  EXPECT_EQ(fp8.architecture["vocab_size"], 49159);
  EXPECT_EQ(fp8.architecture["quantization_config"]["format"], "float-quantized");
  EXPECT_EQ(fp8.continuous_configs.back().num_gpu_blocks_override, 8192);
}

}  // namespace
}  // namespace spyre::plan
