#include "plan/precompiled_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_folder.h"

namespace spyre::plan {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> warnings(std::string_view catalog, const RunShape& run) {
  const auto parsed = parse_precompiled_catalog(catalog, "c.json");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return precompiled_warnings(parsed.value(), "org/name", run, "1.2");
}

const RunShape kShapes = {.shapes = {{64, 20, 4}, {128, 30, 1}}};
const RunShape kLimits = {.tensor_parallel = 4, .max_model_len = 8192, .max_num_seqs = 32};

TEST(PrecompiledCatalog, EntriesOfBothAgesMatch) {
  EXPECT_THAT(warnings(R"([{}, {"vllm_spyre_version": "1.2", "data": {"MODEL_NAME": "org/name",
      "NUM_AIUS": 1, "VLLM_SPYRE_WARMUP_PROMPT_LENS": "128, 64",
      "VLLM_SPYRE_WARMUP_NEW_TOKENS": "30,20", "VLLM_SPYRE_WARMUP_BATCH_SIZES": "1,4"}}])",
                       kShapes),
              IsEmpty());
  EXPECT_THAT(warnings(R"({"sendnn_inference_version": "1.2", "data": {"MODEL_NAME": "org/name",
      "NUM_AIUS": "1", "SENDNN_INFERENCE_WARMUP_PROMPT_LENS": [64, 128],
      "SENDNN_INFERENCE_WARMUP_BATCH_SIZES": ["4", "1"]}})",
                       kShapes),
              IsEmpty());
  EXPECT_THAT(warnings(R"([{"sendnn_inference_version": "1.2", "data": {"MODEL_NAME": "org/name",
      "NUM_AIUS": 4, "VLLM_DT_MAX_CONTEXT_LEN": 8192, "VLLM_DT_MAX_BATCH_SIZE": "32"}}])",
                       kLimits),
              IsEmpty());
}

TEST(PrecompiledCatalog, WhatDoesNotMatchIsAWarning) {
  const auto none = ElementsAre(
      AllOf(HasSubstr("doesn't match any of the pre-compiled model configurations in c.json"),
            HasSubstr("model org/name, tp 4, max_model_len 8192, max_num_seqs 32")));
  EXPECT_THAT(warnings("{}", kLimits), none);
  EXPECT_THAT(warnings("[]", kLimits), none);
  EXPECT_THAT(warnings("[{}]", kLimits), none);
  EXPECT_THAT(warnings(R"([{"data": 5}, {"data": {"NUM_AIUS": [4]}}])", kLimits), none);
  const auto limits = [](std::string_view aius, std::string_view length, std::string_view batch) {
    return fmt::format(R"([{{"data": {{"NUM_AIUS": {}, "VLLM_DT_MAX_CONTEXT_LEN": {},
        "VLLM_DT_MAX_BATCH_SIZE": {}}}}}])",
                       aius, length, batch);
  };
  EXPECT_THAT(warnings(limits("1", "8192", "32"), kLimits), none);
  EXPECT_THAT(warnings(limits("4", "8191", "32"), kLimits), none);
  EXPECT_THAT(warnings(limits("4", "8192", "18446744073709551615"), kLimits), none);
  EXPECT_THAT(warnings(limits("4", "8192", "null"), kLimits), none);
  EXPECT_THAT(warnings(limits("4", "\"8192 tokens\"", "32"), kLimits), none);
  for (const char* lists : {R"("64,128", "V": 1)", R"("64", "VLLM_SPYRE_WARMUP_BATCH_SIZES": "4")",
                            R"("64,,128", "VLLM_SPYRE_WARMUP_BATCH_SIZES": "4,1")",
                            R"("64,128", "VLLM_SPYRE_WARMUP_BATCH_SIZES": "1,4")"}) {
    const auto text = fmt::format(
        R"([{{"data": {{"NUM_AIUS": 1, "VLLM_SPYRE_WARMUP_PROMPT_LENS": {}}}}}])", lists);
    EXPECT_THAT(warnings(text, kShapes), ElementsAre(HasSubstr("doesn't match any"))) << lists;
  }
}

TEST(PrecompiledCatalog, VersionAndNameAreWarningsOnly) {
  const auto entry = [](std::string_view version, std::string_view name) {
    return fmt::format(R"({{{}"data": {{"MODEL_NAME": "{}", "NUM_AIUS": 4,
        "VLLM_DT_MAX_CONTEXT_LEN": 8192, "VLLM_DT_MAX_BATCH_SIZE": 32}}}})",
                       version, name);
  };
  const std::string old = R"("vllm_spyre_version": "1.1", )";
  EXPECT_THAT(warnings(entry("", "org/name"), kLimits),
              ElementsAre(HasSubstr("does not say which version")));
  EXPECT_THAT(warnings(entry(old, "org/\\u001bother"), kLimits),
              ElementsAre(HasSubstr("by version 1.1; this is 1.2"),
                          HasSubstr("for model 'org/?other'; this is 'org/name'")));
  // Of several that match, the nearest.
  const std::string exact = entry(R"("vllm_spyre_version": "1.2", )", "org/name");
  EXPECT_THAT(warnings(fmt::format("[{}, {}]", entry(old, "other"), exact), kLimits), IsEmpty());
}

TEST(PrecompiledCatalog, OtherJsonIsAnError) {
  for (const char* text : {"", "[", "5", "\"a\"", "[5]", "[[]]", "null"}) {
    const auto parsed = parse_precompiled_catalog(text, "c.json");
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, HasSubstr("c.json")) << text;
  }
}

class CacheFolder : public ::testing::Test {
 protected:
  void write(std::string_view name, std::string_view text) {
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
  }
  std::string message(const CacheSettings& cache) {
    const auto catalog = read_precompiled_catalog(cache);
    return catalog ? fmt::format("{} entries", catalog->entries.size()) : catalog.error().message;
  }
  std::string message() { return message({.enabled = true, .folder = folder_.path()}); }
  TemporaryFolder folder_;
};

TEST_F(CacheFolder, SettingsThatLackSomethingNameAllThree) {
  const auto names_all =
      AllOf(HasSubstr("VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS"),
            HasSubstr("TORCH_SENDNN_CACHE_ENABLE"), HasSubstr("TORCH_SENDNN_CACHE_DIR"));
  EXPECT_THAT(message({.enabled = false, .folder = folder_.path()}), names_all);
  EXPECT_THAT(message({.enabled = true, .folder = ""}), names_all);
  EXPECT_THAT(message({.enabled = true, .folder = folder_.path() / "none"}), names_all);
  write("file", "{}");
  EXPECT_THAT(message({.enabled = true, .folder = folder_.path() / "file"}), names_all);
}

TEST_F(CacheFolder, TheCatalogueComesBeforeTheLog) {
  EXPECT_THAT(message(), AllOf(HasSubstr("pre_compiled_cache_catalog.json"),
                               HasSubstr("model_compile.log.json"), HasSubstr("neither")));
  write("model_compile.log.json", R"({"data": {}})");
  EXPECT_EQ(message(), "1 entries");
  write("pre_compiled_cache_catalog.json", "{}");
  EXPECT_EQ(message(), "0 entries");
  write("pre_compiled_cache_catalog.json", "{");
  EXPECT_THAT(message(), HasSubstr("pre_compiled_cache_catalog.json"));
}

TEST_F(CacheFolder, AFolderIsNoCatalogue) {
  std::filesystem::create_directory(folder_.path() / "pre_compiled_cache_catalog.json");
  EXPECT_THAT(message(), HasSubstr("pre_compiled_cache_catalog.json: "));
  EXPECT_THAT(message(), HasSubstr("file"));
}

TEST(PrecompiledCatalog, WhatIsAddedMatches) {
  std::string text;
  for (const RunShape& run : {kShapes, kLimits}) {
    const auto added = add_to_catalog(text, "c.json", entry_of("1.2", "org/name", run));
    ASSERT_TRUE(added) << added.error().message;
    text = *added;
    EXPECT_THAT(warnings(text, run), IsEmpty());
    EXPECT_EQ(add_to_catalog(text, "c.json", entry_of("1.2", "org/name", run)).value(), text);
  }
  EXPECT_THAT(warnings(text, kShapes), IsEmpty());
}

TEST(PrecompiledCatalog, WhatElseItSaysStays) {
  const auto one = add_to_catalog(R"({"note": 1, "data": {"MODEL_NAME": "other"}})", "c.json",
                                  entry_of("1.2", "org/name", kLimits));
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_THAT(*one, HasSubstr("\"note\": 1"));
  EXPECT_THAT(warnings(*one, kLimits), IsEmpty());
  EXPECT_FALSE(add_to_catalog("[3]", "c.json", entry_of("1.2", "org/name", kLimits)));
  EXPECT_FALSE(add_to_catalog("[", "c.json", entry_of("1.2", "org/name", kLimits)));
}

}  // namespace
}  // namespace spyre::plan
