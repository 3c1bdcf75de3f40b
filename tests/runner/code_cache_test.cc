// The graph cache as a runner uses it: what is a hit, what is not, and that a hit gives the same
// bits without compiling.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/temporary_folder.h"
#include "runner/fixture.h"

namespace spyre::runner::testing {
namespace {

class CodeCache : public ::testing::Test {
 protected:
  void SetUp() override {
#ifndef SPYRE_COMPILER
    GTEST_SKIP() << "this build has no spyre-compiler";
#endif
  }

  RunSettings settings() const {
    RunSettings settings{.dtype = "auto",
                         .isa = kernels::best_isa(detect_cpu_features()),
                         .execution = backend::Execution::kCompiled};
    backend::CodeOptions code;
    code.cache = std::make_shared<cache::GraphCache>(
        cache::GraphCache::open(folder_.path() / "graphs").value());
    code.key_fields = {{"cpu", "this one"}, {"rank", "0"}};
    settings.code = std::move(code);
    return settings;
  }

  static backend::CodeReport report_of(const RunSettings& settings,
                                       const char* name = "decoders/llama") {
    LoadedModel model(name, settings);
    return model.runner().code_report();
  }

  TemporaryFolder folder_;
};

TEST_F(CodeCache, ASecondStartHitsAndGivesTheSameBits) {
  const std::vector<int32_t> ids = {3, 1, 4, 1, 5, 9, 2, 6};
  LoadedModel first("decoders/llama", settings());
  LoadedModel second("decoders/llama", settings());
  EXPECT_EQ(first.runner().code_report().cache_hits, 0);
  EXPECT_EQ(first.runner().code_report().cache_misses, 1);
  EXPECT_EQ(second.runner().code_report().cache_hits, 1);
  EXPECT_EQ(second.runner().code_report().compiled, first.runner().code_report().compiled);
  expect_same_bits(first.logits(ids), second.logits(ids), "from the cache");
}

compile::Tuning tuning_of(ModelRunner& runner) {
  compile::Tuning tuning;
  const auto programs = runner.programs();
  for (const auto& region : programs.at(0).report.regions) {
    if (region.tuning) tuning.push_back(*region.tuning);
  }
  return tuning;
}

TEST_F(CodeCache, TilesAreKeptWithTheCodeAndGiveTheSameBits) {
  const std::vector<int32_t> ids = {3, 1, 4, 1, 5, 9, 2, 6};
  for (const char* name : {"gguf/gguf_q4_q5", "decoders/granite_moe", "quantised/gptq_desc_act"}) {
    RunSettings tuned = settings();
    tuned.num_threads = 2;
    tuned.code->tune_seconds = 0.1;
    LoadedModel first(name, tuned);
    LoadedModel second(name, tuned);
    EXPECT_EQ(second.runner().code_report().cache_hits, 1) << name;
    EXPECT_FALSE(tuning_of(first.runner()).empty()) << name;
    EXPECT_EQ(tuning_of(first.runner()), tuning_of(second.runner())) << name;
    tuned.execution = backend::Execution::kEager;
    LoadedModel eager(name, tuned);
    const Rows wanted = eager.logits(ids);
    expect_same_bits(wanted, first.logits(ids), name);
    expect_same_bits(wanted, second.logits(ids), name);
  }
}

TEST_F(CodeCache, TilesOfAnotherProgramAreNotBelieved) {
  const RunSettings strange = settings();
  report_of(strange);
  // The same key with another payload: whole, but not of this program.
  for (const auto& file : std::filesystem::directory_iterator(folder_.path() / "graphs")) {
    std::ifstream in(file.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    auto view = cache::parse_entry(std::as_bytes(std::span(bytes)));
    ASSERT_TRUE(view) << view.error().message;
    const std::string payload = "{\"tuning\":[[1,2,3]]}\n";
    const auto payload_bytes = std::as_bytes(std::span(payload));
    ASSERT_TRUE(
        strange.code->cache->store({.fields = view->header.fields,
                                    .about = view->header.about,
                                    .payload = {payload_bytes.begin(), payload_bytes.end()}}));
  }
  const backend::CodeReport report = report_of(strange);
  EXPECT_EQ(report.failed, 0);
  EXPECT_GT(report.compiled, 0);
  EXPECT_GT(report.compile_seconds, 0);
}

struct Change {
  const char* what;
  std::function<void(RunSettings&)> make;
  bool hits;
};

TEST_F(CodeCache, HitsAndMissesAsTheKeySays) {
  report_of(settings());
  const Change changes[] = {
      {"nothing", [](RunSettings&) {}, true},
      {"threads", [](RunSettings& s) { s.num_threads = 2; }, true},
      {"dtype", [](RunSettings& s) { s.dtype = "bfloat16"; }, false},
      {"rows", [](RunSettings& s) { s.chunk_rows = 64; }, false},
      {"sampled rows", [](RunSettings& s) { s.output_rows = 1; }, false},
      {"model length", [](RunSettings& s) { s.max_model_len = 256; }, false},
      {"tier", [](RunSettings& s) { s.isa = kernels::Isa::kScalar; }, false},
      {"passes", [](RunSettings& s) { s.disabled_passes = {"fuse-rows"}; }, false},
      {"CPU", [](RunSettings& s) { s.code->key_fields[0].second = "another"; }, false},
      {"rank", [](RunSettings& s) { s.code->key_fields[1].second = "1"; }, false},
  };
  for (const Change& change : changes) {
    RunSettings changed = settings();
    change.make(changed);
    EXPECT_EQ(report_of(changed).cache_hits, change.hits ? 1 : 0) << change.what;
  }
  EXPECT_EQ(report_of(settings(), "decoders/qwen2").cache_hits, 0);
}

TEST_F(CodeCache, ADamagedEntryIsCompiledAgain) {
  report_of(settings());
  for (const auto& file : std::filesystem::directory_iterator(folder_.path() / "graphs")) {
    if (file.path().extension() != ".spyre") continue;
    std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(file.file_size() / 2));
    bytes.put('\x5a');
    bytes.put('\xa5');
  }
  const backend::CodeReport report = report_of(settings());
  EXPECT_EQ(report.cache_hits, 0);
  EXPECT_EQ(report.failed, 0);
  EXPECT_EQ(report_of(settings()).cache_hits, 1);
}

TEST_F(CodeCache, WithoutPermissionToCompileAMissIsAnError) {
  RunSettings strict = settings();
  strict.code->may_compile = false;
  try {
    report_of(strict);
    FAIL() << "it was compiled";
  } catch (const std::runtime_error& e) {
    EXPECT_THAT(e.what(), ::testing::HasSubstr("Compilation disabled"));
  }
  report_of(settings());
  EXPECT_EQ(report_of(strict).cache_hits, 1);
}

TEST_F(CodeCache, WithoutACompilerTheAheadOfTimePiecesRun) {
  const std::vector<int32_t> ids = {3, 1, 4, 1, 5};
  RunSettings settings_without = settings();
  settings_without.compiler = "/does/not/exist";
  LoadedModel without("decoders/llama", settings_without);
  EXPECT_EQ(without.runner().code_report().compiled, 0);
  EXPECT_GT(without.runner().code_report().failed, 0);
  settings_without.execution = backend::Execution::kEager;
  LoadedModel eager("decoders/llama", settings_without);
  expect_same_bits(without.logits(ids), eager.logits(ids), "without a compiler");
}

}  // namespace
}  // namespace spyre::runner::testing
