#include "backend/native/code_store.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace spyre::backend {

Status CodeStore::add(const compile::Program& program) {
  if (!available_) return {};
  std::vector<compile::Routine> missing;
  for (const compile::Routine& routine : program.routines) {
    const bool known = std::ranges::find(entries_, routine, &Entry::routine) != entries_.end();
    if (!known && compile::is_compilable(routine)) missing.push_back(routine);
  }
  auto results = compile::compile_routines(missing, options_);
  if (!results) {
    if (results.error().code == Code::kCancelled) return std::unexpected(results.error());
    log::warn("graphs run over ahead-of-time kernels, somewhat slower: {}",
              results.error().message);
    available_ = false;
    report_.failed += static_cast<int64_t>(missing.size());
    return {};
  }
  for (size_t i = 0; i < missing.size(); ++i) keep(missing[i], std::move((*results)[i]));
  log::debug("machine code: {} routines, {} bytes, {:.2f} s of the compiler", report_.compiled,
             report_.code_bytes, report_.compile_seconds);
  return {};
}

void CodeStore::keep(const compile::Routine& routine, compile::CompiledRoutine result) {
  Entry entry{.routine = routine, .code = {}};
  report_.compile_seconds += result.seconds;
  if (result.code) {
    auto loaded = compile::LoadedCode::load(*result.code);
    if (loaded) {
      report_.code_bytes += loaded->bytes();
      entry.code.push_back(std::move(*loaded));
    } else {
      result.why = loaded.error().message;
    }
  }
  if (entry.code.empty()) {
    ++report_.failed;
    log::warn("a routine of {} pieces runs over ahead-of-time kernels: {}", routine.calls.size(),
              result.why);
  } else {
    ++report_.compiled;
  }
  entries_.push_back(std::move(entry));
}

compile::RoutineFunction CodeStore::find(const compile::Routine& routine) const {
  const auto found = std::ranges::find(entries_, routine, &Entry::routine);
  if (found == entries_.end() || found->code.empty()) return nullptr;
  return found->code[0].function();
}

}  // namespace spyre::backend
