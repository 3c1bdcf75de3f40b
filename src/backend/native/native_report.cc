#include "backend/native/native_report.h"

#include <map>
#include <set>

namespace spyre::backend {

using compile::Phase;
using compile::Task;

namespace {

// "piece_rms_norm" is called rms_norm.
std::string_view short_name(kernels::PieceKind kind) {
  std::string_view text = kernels::name(kind);
  text.remove_prefix(text.find('_') + 1);
  return text;
}

std::string pieces_of(const compile::Program& program, const Task& task) {
  std::vector<std::string_view> names;
  for (const auto& call : program.routines[task.routine].calls) {
    names.push_back(short_name(call.kind));
  }
  return fmt::format("{}", fmt::join(names, " "));
}

std::string pieces_of(const compile::Program& program, const Phase& phase) {
  std::vector<std::string> tasks;
  tasks.reserve(phase.tasks.size());
  for (const Task& task : phase.tasks) tasks.push_back(pieces_of(program, task));
  const std::string prologue = phase.prologue ? pieces_of(program, *phase.prologue) + " | " : "";
  return fmt::format("{}{}", prologue, fmt::join(tasks, " + "));
}

std::string formats_of(const compile::Program& program, const Phase& phase) {
  std::set<std::string_view> formats;
  for (const Task& task : phase.tasks) {
    for (const auto& call : program.routines[task.routine].calls) {
      if (call.piece.weight != kernels::kNoSlot && call.kind != kernels::PieceKind::kHeadNorm) {
        formats.insert(name(call.format));
      }
    }
  }
  return fmt::format("{}", fmt::join(formats, ", "));
}

RegionReport begin_region(const compile::Program& program, const Phase& phase,
                          const CodeStore& code) {
  RegionReport region{.times = 0,
                      .work = compile::name(phase.work),
                      .pieces = pieces_of(program, phase),
                      .formats = formats_of(program, phase),
                      .units = 0,
                      .tuning = {},
                      .code_bytes = 0,
                      .seconds = {}};
  for (const Task& task : phase.tasks) region.units += task.units;
  for (const size_t routine : compile::routines_of(phase)) {
    region.code_bytes += code.code_bytes(program.routines[routine]);
  }
  return region;
}

}  // namespace

std::string_view name(CodeSource source) {
  switch (source) {
    case CodeSource::kAheadOfTime:
      return "ahead of time";
    case CodeSource::kCompiled:
      return "compiled";
    case CodeSource::kCache:
      return "cache";
  }
  return "";
}

ProgramReport report_of(const NativeProgram& native, const CodeOrigin& origin,
                        const CodeStore& code) {
  const compile::Program& program = native.program();
  ProgramReport report{
      .origin = origin, .arena_bytes = static_cast<size_t>(program.arena_bytes), .regions = {}};
  const std::vector<int64_t> kinds = compile::phase_kinds(program);
  const compile::Tuning tuning = compile::tuning_of(program);
  const std::span<const double> seconds = native.phase_seconds();
  std::map<std::vector<size_t>, size_t> regions;  // by their routines
  for (size_t i = 0; i < program.phases.size(); ++i) {
    const Phase& phase = program.phases[i];
    const auto [found, is_new] =
        regions.emplace(compile::routines_of(phase), report.regions.size());
    if (is_new) report.regions.push_back(begin_region(program, phase, code));
    RegionReport& region = report.regions[found->second];
    ++region.times;
    if (kinds[i] >= 0) region.tuning = tuning[static_cast<size_t>(kinds[i])];
    if (!seconds.empty()) region.seconds = region.seconds.value_or(0) + seconds[i];
  }
  return report;
}

}  // namespace spyre::backend
