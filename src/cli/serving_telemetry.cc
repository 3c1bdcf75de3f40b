#include "cli/serving_telemetry.h"

#include "cli/batching.h"
#include "schedule/continuous.h"

namespace spyre::cli {

using config::Setting;

std::vector<std::string> served_names(const config::Settings& settings) {
  std::vector<std::string> names = settings.texts(Setting::kServedModelName);
  if (names.empty()) names.push_back(settings.text(Setting::kModel));
  return names;
}

serve::metrics::TelemetryOptions telemetry_options(const config::Settings& settings) {
  serve::metrics::TelemetryOptions options{.model_name = served_names(settings).front()};
  if (!settings.flag(Setting::kDisableLogStats)) {
    options.stats_interval_s = settings.real(Setting::kLogStatsInterval);
  }
  // Exactly 1, as the plugins for the card have it.
  if (settings.integer(Setting::kPerfMetricLoggingEnabled) == 1) {
    options.folder = settings.text(Setting::kPerfMetricLoggingDir);
  }
  return options;
}

namespace {

std::string_view task_of(const checkpoint::ModelConfig& config) {
  if (!config.pooling) return "generate";
  return config.pooling->task == checkpoint::PoolingTask::kEmbed ? "embed" : "classify";
}

}  // namespace

serve::metrics::PlanFacts plan_facts(const config::Settings& settings, const OpenModel& model,
                                     const plan::ServingPlan& plan, int64_t draft_tokens) {
  const Batching mode = batching(settings);
  const bool prefix_caching = (mode == Batching::kChunked || mode == Batching::kMixed) &&
                              settings.flag(Setting::kEnablePrefixCaching);
  const int64_t longest_blocks = schedule::blocks_of(plan.max_model_len);
  serve::metrics::PlanFacts facts{
      .task = std::string(task_of(model.checkpoint->config())),
      .shapes = plan.shapes,
      .max_model_len = plan.max_model_len,
      .max_num_seqs = plan.max_num_seqs,
      .cache = {.block_tokens = schedule::kBlockTokens,
                .num_blocks = plan.usable_blocks,
                .max_sequences = plan.usable_blocks / longest_blocks,
                .memory_utilization = settings.real(Setting::kGpuMemoryUtilization),
                .prefix_caching = prefix_caching,
                .cache_dtype = settings.text(Setting::kKvCacheDtype)},
      .draft_tokens = draft_tokens};
  for (const plan::Part& part : plan.memory.parts) facts.memory.emplace_back(part.name, part.bytes);
  return facts;
}

serve::metrics::PerfSettings perf_settings(const config::Settings& settings,
                                           const plan::ServingPlan& plan) {
  return {.continuous_batching = settings.flag(Setting::kUseCb),
          .shapes = plan.shapes,
          .dt_opt = settings.text(Setting::kDtOpt)};
}

void tell_graphs(const runner::ModelRunner& runner, serve::metrics::Telemetry& telemetry) {
  const auto source_of = [](backend::CodeSource source) {
    return source == backend::CodeSource::kCache      ? serve::metrics::GraphSource::kCache
           : source == backend::CodeSource::kCompiled ? serve::metrics::GraphSource::kCompiled
                                                      : serve::metrics::GraphSource::kAheadOfTime;
  };
  for (const auto& [name, capacity, report] : runner.programs()) {
    telemetry.graph_prepared(
        capacity.rows > capacity.sequences ? "prefill" : "decode",
        fmt::format("{}x{}x{}", capacity.rows, capacity.sequences, capacity.output_rows),
        source_of(report.origin.source), report.origin.seconds);
  }
  telemetry.graphs_fell_back(runner.code_report().failed);
}

}  // namespace spyre::cli
