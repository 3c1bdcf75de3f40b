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

std::function<bool(int64_t, int64_t)> progress_line() {
  return [line = std::shared_ptr<ProgressLine>()](int64_t done, int64_t total) mutable {
    if (!line) line = std::make_shared<ProgressLine>("compiling graphs");
    line->show(done, total);
    if (done == total) line.reset();
    return !interrupted();
  };
}

}  // namespace

Status compile_graphs(OpenModel& open, const config::Settings& settings, RunLength length) {
  backend::BackendOptions& backend = open.options.backend;
  if (backend.execution == backend::Execution::kEager) return {};
  SPYRE_TRY_ASSIGN(auto cache, graph_cache_of(settings));
  if (!cache && open.compile_allowed && length == RunLength::kShort) return {};

  backend::CodeOptions code;
  code.codegen = {.isa = backend.isa,
                  .compiler = {},
                  .threads = static_cast<int>(usable_cpus().size()),
                  .progress = progress_line()};
  if (cache) code.cache = std::make_shared<cache::GraphCache>(std::move(*cache));
  code.key_fields = this_machine();
  code.key_fields.emplace_back("backend", settings.text(Setting::kDynamoBackend));
  code.key_fields.emplace_back("tensor_parallel",
                               std::to_string(settings.integer(Setting::kTensorParallelSize)));
  code.key_fields.emplace_back("rank", "0");
  code.may_compile = open.compile_allowed;
  backend.code = std::move(code);
  return {};
}

}  // namespace spyre::cli
