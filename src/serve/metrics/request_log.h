// request_metrics.jsonl: one JSON object per finished request.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "engine/observer.h"
#include "serve/metrics/log_file.h"

namespace spyre::serve::metrics {

// Its calls come from the engine's thread alone.
class RequestLog final : public engine::Observer {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  // Replaces the file. Errors: LogFile::create().
  static Result<RequestLog> create(const std::filesystem::path& folder, Clock clock = {});

  void on_step(const engine::StepReport&) override {}
  void on_first_token(double) override {}
  void on_next_token(double) override {}
  void on_finished(const engine::RequestReport& report) override;

 private:
  RequestLog(LogFile file, Clock clock) : file_(std::move(file)), clock_(std::move(clock)) {}

  LogFile file_;
  Clock clock_;
};

}  // namespace spyre::serve::metrics
