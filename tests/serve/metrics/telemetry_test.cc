#include "serve/metrics/telemetry.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/temporary_folder.h"
#include "serve/metrics/script.h"

namespace spyre::serve::metrics {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class Start : public ::testing::Test {
 protected:
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& each : std::filesystem::directory_iterator(folder_.path())) {
      names.push_back(each.path().filename());
    }
    return names;
  }

  TemporaryFolder folder_;
  Lifecycle lifecycle_;
};

TEST_F(Start, IsToldToMetricsAndFiles) {
  const auto telemetry = Telemetry::create(
      lifecycle_, {.model_name = "m", .stats_interval_s = 10, .folder = folder_.path()});
  ASSERT_TRUE(telemetry) << telemetry.error().message;
  Telemetry& all = **telemetry;
  all.settings({.shapes = {kShape}});
  all.planned({.shapes = {kShape},
               .max_model_len = 84,
               .cache = {.block_tokens = 64, .num_blocks = 8},
               .memory = {{"weights", 1000}}});
  all.model_loaded("org/m", 2);
  all.warming(0, 0);
  all.warming(1, 2);
  EXPECT_THAT(all.metrics().text(), HasSubstr("spyre:warmup_progress{"));
  all.shape_warmed(kShape, 1, 0.5);
  all.shape_warmed(kShape, 2, 0.25);
  all.all_warmed(0.75);
  play_request(all.observer(), 9, 3);
  all.poll();
  EXPECT_THAT(files(), UnorderedElementsAre("perf_log_rank_0.txt", "request_metrics.jsonl"));
  EXPECT_GT(std::filesystem::file_size(folder_.path() / "request_metrics.jsonl"), 100);
  std::map<std::string, double> values;
  for (const auto& [series, value] : samples_of(all.metrics().text())) {
    values[series.substr(0, series.find('{'))] += value;
  }
  EXPECT_EQ(values["spyre:shape_requests_total"], 1);
  EXPECT_EQ(values["spyre:warmup_progress"], 1);
  EXPECT_EQ(values["spyre:warmup_seconds"], 0.75);
  EXPECT_EQ(values["spyre:memory_planned_bytes"], 1000);
}

TEST_F(Start, WithoutTheRegularLineThereIsNoLogOfRequests) {
  const auto telemetry =
      Telemetry::create(lifecycle_, {.model_name = "m", .folder = folder_.path()});
  ASSERT_TRUE(telemetry);
  play_request((*telemetry)->observer(), 9, 3);
  (*telemetry)->poll();
  EXPECT_THAT(files(), UnorderedElementsAre("perf_log_rank_0.txt"));
}

TEST_F(Start, NoFolderNoFiles) {
  ASSERT_TRUE(Telemetry::create(lifecycle_, {.model_name = "m", .stats_interval_s = 10}));
  EXPECT_TRUE(files().empty());
}

TEST_F(Start, AFolderThatCannotBeIsAnError) {
  std::ofstream(folder_.path() / "file") << "x";
  const auto telemetry =
      Telemetry::create(lifecycle_, {.model_name = "m", .folder = folder_.path() / "file" / "in"});
  ASSERT_FALSE(telemetry);
  EXPECT_EQ(telemetry.error().code, Code::kIo);
}

}  // namespace
}  // namespace spyre::serve::metrics
