// perf_log_rank_0.txt: how long loading and warm-up took, a line each:
//   MM-DD HH:MM:SS, description, value[, label, value]...
// Descriptions and labels are those of the plugins for the card, which people's scripts look for.
#pragma once

#include <ctime>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schedule/shape.h"
#include "serve/metrics/log_file.h"

namespace spyre::serve::metrics {

// The settings at the file's top.
struct PerfSettings {
  bool continuous_batching = false;
  std::vector<schedule::Shape> shapes = {};
  int64_t world_size = 1;
  std::string dt_opt = {};  // DT_OPT as it is set
};

// One thread at a time.
class PerfLog {
 public:
  using Label = std::pair<std::string_view, std::string>;
  using Clock = std::function<std::time_t()>;

  // Replaces the file of this rank. Errors: LogFile::create().
  static Result<PerfLog> create(const std::filesystem::path& folder, int rank, Clock clock = {});

  void settings(const PerfSettings& settings);
  void model_loaded(std::string_view model, double seconds);
  // pass: 1 or 2.
  void shape_warmed(const schedule::Shape& shape, int pass, double seconds);
  void all_warmed(double seconds);

 private:
  PerfLog(LogFile file, Clock clock) : file_(std::move(file)), clock_(std::move(clock)) {}
  void entry(std::string_view description, std::string_view value,
             std::initializer_list<Label> labels = {});

  LogFile file_;
  Clock clock_;
};

}  // namespace spyre::serve::metrics
