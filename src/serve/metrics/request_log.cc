#include "serve/metrics/request_log.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <ctime>

#include "base/json.h"
#include "serve/metrics/finish_number.h"

namespace spyre::serve::metrics {

namespace {

// Local time, as Python's datetime.now().isoformat(timespec="milliseconds").
std::string iso(std::chrono::system_clock::time_point time) {
  using std::chrono::milliseconds;
  const auto since_epoch = std::chrono::duration_cast<milliseconds>(time.time_since_epoch());
  const std::time_t seconds = since_epoch.count() / 1000;
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}", parts, since_epoch.count() % 1000);
}

}  // namespace

Result<RequestLog> RequestLog::create(const std::filesystem::path& folder, Clock clock) {
  SPYRE_TRY_ASSIGN(LogFile file, LogFile::create(folder, "request_metrics.jsonl"));
  if (!clock) clock = std::chrono::system_clock::now;
  return RequestLog(std::move(file), std::move(clock));
}

void RequestLog::on_finished(const engine::RequestReport& report) {
  // A stage that was never reached took no time.
  const double scheduled_s = report.scheduled_s.value_or(report.finished_s);
  const double first_s = report.first_token_s.value_or(scheduled_s);
  const double last_s = report.last_token_s.value_or(first_s);
  const double decode_s = last_s - first_s;
  const double choices = static_cast<double>(std::max<int64_t>(report.n, 1));
  const double gaps = static_cast<double>(report.generated_tokens) / choices - 1;
  const double undisturbed_s = std::max(0.0, decode_s - report.interrupted_s);
  const Json entry{{"timestamp", iso(clock_())},
                   {"prefill_interrupt_seconds", report.interrupted_s},
                   {"decode_only_itl_seconds", gaps > 0 ? undisturbed_s / gaps : 0.0},
                   {"finish_reason", finish_number(report)},
                   {"num_prompt_tokens", report.prompt_tokens},
                   {"num_generation_tokens", report.generated_tokens},
                   {"max_tokens_param", report.max_tokens},
                   {"e2e_latency_seconds", report.finished_s},
                   {"queued_time_seconds", scheduled_s},
                   {"prefill_time_seconds", first_s - scheduled_s},
                   {"inference_time_seconds", last_s - scheduled_s},
                   {"decode_time_seconds", decode_s},
                   {"mean_time_per_output_token_seconds", gaps > 0 ? decode_s / gaps : 0.0}};
  file_.append(entry.dump());
}

}  // namespace spyre::serve::metrics
