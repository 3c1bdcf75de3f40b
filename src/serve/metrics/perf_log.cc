#include "serve/metrics/perf_log.h"

#include <fmt/chrono.h>
#include <fmt/ranges.h>

namespace spyre::serve::metrics {

namespace {

std::tm local(std::time_t time) {
  std::tm parts{};
  localtime_r(&time, &parts);
  return parts;
}

template <typename Field>
std::string list(const std::vector<schedule::Shape>& shapes, Field field) {
  std::vector<int64_t> values;
  for (const schedule::Shape& each : shapes) values.push_back(each.*field);
  return fmt::format("[{}]", fmt::join(values, ", "));
}

}  // namespace

Result<PerfLog> PerfLog::create(const std::filesystem::path& folder, int rank, Clock clock) {
  SPYRE_TRY_ASSIGN(LogFile file,
                   LogFile::create(folder, fmt::format("perf_log_rank_{}.txt", rank)));
  if (!clock) clock = [] { return std::time(nullptr); };
  return PerfLog(std::move(file), std::move(clock));
}

void PerfLog::entry(std::string_view description, std::string_view value,
                    std::initializer_list<Label> labels) {
  std::string line = fmt::format("{:%m-%d %H:%M:%S}, {}, {}", local(clock_()), description, value);
  for (const auto& [name, text] : labels) line += fmt::format(", {}, {}", name, text);
  file_.append(line);
}

void PerfLog::settings(const PerfSettings& settings) {
  using schedule::Shape;
  entry("VLLM_SPYRE_USE_CB", settings.continuous_batching ? "1" : "0");
  entry("VLLM_SPYRE_WARMUP_PROMPT_LENS", list(settings.shapes, &Shape::prompt_tokens));
  entry("VLLM_SPYRE_WARMUP_NEW_TOKENS", list(settings.shapes, &Shape::new_tokens));
  entry("VLLM_SPYRE_WARMUP_BATCH_SIZES", list(settings.shapes, &Shape::batch_size));
  entry("AIU_WORLD_SIZE", fmt::format("{}", settings.world_size));
  entry("DT_OPT", settings.dt_opt);
}

void PerfLog::model_loaded(std::string_view model, double seconds) {
  entry("load model time", fmt::format("{}", seconds), {{"model", std::string(model)}});
}

void PerfLog::shape_warmed(const schedule::Shape& shape, int pass, double seconds) {
  entry(fmt::format("warmup {} time", pass), fmt::format("{}", seconds),
        {{"batch_size", fmt::format("{}", shape.batch_size)},
         {"max_tokens", fmt::format("{}", shape.new_tokens)},
         {"prompt_len", fmt::format("{}", shape.prompt_tokens)}});
}

void PerfLog::all_warmed(double seconds) { entry("total warmup time", fmt::format("{}", seconds)); }

}  // namespace spyre::serve::metrics
