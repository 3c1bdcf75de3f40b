#include "cli/codegen.h"

#include <memory>
#include <utility>

#include "base/cpu.h"
#include "cli/graph_cache.h"
#include "cli/interrupt.h"
#include "cli/progress_line.h"

namespace spyre::cli {

namespace {

using config::Setting;

// Tuning that is kept serves every start to come; else each would wait for it.
constexpr double kTuneKeptSeconds = 2;

// A line over all graphs: those that are done, and how far the running one is.
class GraphProgress {
 public:
  explicit GraphProgress(int64_t graphs) : graphs_(graphs) {}

  bool routines(int64_t done, int64_t total) {
    if (!line_) line_ = std::make_unique<ProgressLine>("compiling graphs");
    line_->show(done_, graphs_, static_cast<double>(done) / static_cast<double>(total));
    return !interrupted();
  }
  void graph_done() {
    if (++done_ >= graphs_) line_.reset();
  }

 private:
  const int64_t graphs_;
  int64_t done_ = 0;
  std::unique_ptr<ProgressLine> line_;
};

double tune_seconds(const config::Settings& settings, bool kept) {
  if (settings.is_set(Setting::kAutotuneSeconds)) return settings.real(Setting::kAutotuneSeconds);
  return kept ? kTuneKeptSeconds : 0;
}

// What ties code to how it runs. Code that was only compiled is for the backend that runs it.
std::vector<std::pair<std::string, std::string>> key_fields(const config::Settings& settings) {
  auto fields = this_machine();
  fields.emplace_back(
      "backend", on_card_backend(settings) ? "sendnn" : settings.text(Setting::kDynamoBackend));
  fields.emplace_back("tensor_parallel",
                      std::to_string(settings.integer(Setting::kTensorParallelSize)));
  fields.emplace_back("rank", "0");
  return fields;
}

}  // namespace

bool on_card_backend(const config::Settings& settings) {
  const std::string backend = settings.text(Setting::kDynamoBackend);
  return backend == "sendnn" || backend == "sendnn_compile_only";
}

Status compile_graphs(OpenModel& open, const config::Settings& settings,
                      const CompilePurpose& purpose) {
  backend::BackendOptions& backend = open.options.backend;
  if (backend.execution == backend::Execution::kEager) return {};
  SPYRE_TRY_ASSIGN(auto cache, graph_cache_of(settings));
  if (!cache && open.compile_allowed && purpose.length == RunLength::kShort) return {};

  const auto progress = std::make_shared<GraphProgress>(purpose.graphs);
  backend::CodeOptions code;
  code.codegen = {.isa = backend.isa,
                  .compiler = {},
                  .threads = static_cast<int>(usable_cpus().size()),
                  .progress = [progress](int64_t done, int64_t total) {
                    return progress->routines(done, total);
                  }};
  backend.observer = [progress](const backend::PreparedProgram&) { progress->graph_done(); };
  code.tune_seconds = tune_seconds(settings, cache && cache->writable()) /
                      static_cast<double>(std::max<int64_t>(1, purpose.graphs));
  if (cache) code.cache = std::make_shared<cache::GraphCache>(std::move(*cache));
  code.key_fields = key_fields(settings);
  code.may_compile = open.compile_allowed;
  code.perf_map = settings.flag(Setting::kPerfMap);
  backend.code = std::move(code);
  return {};
}

}  // namespace spyre::cli
