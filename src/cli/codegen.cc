#include "cli/codegen.h"

#include <memory>
#include <utility>

#include "base/cpu.h"
#include "cli/interrupt.h"
#include "cli/progress_line.h"

namespace spyre::cli {

void compile_graphs(OpenModel& open, std::function<void(int64_t done, int64_t total)> told) {
  backend::BackendOptions& backend = open.options.backend;
  if (backend.execution == backend::Execution::kEager) return;
  compile::CodegenOptions options = {.isa = backend.isa,
                                     .compiler = {},
                                     .threads = static_cast<int>(usable_cpus().size()),
                                     .progress = {}};
  options.progress = [told = std::move(told), line = std::shared_ptr<ProgressLine>()](
                         int64_t done, int64_t total) mutable {
    if (!line) line = std::make_shared<ProgressLine>("compiling graphs");
    line->show(done, total);
    if (done == total) line.reset();
    if (told) told(done, total);
    return !interrupted();
  };
  backend.codegen = std::move(options);
}

}  // namespace spyre::cli
