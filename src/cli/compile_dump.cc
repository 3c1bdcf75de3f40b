#include "cli/compile_dump.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

namespace spyre::cli {

namespace {

constexpr std::array<std::string_view, 5> kStages = {"graph", "passes", "plan", "llvm", "asm"};

void print_section(std::string_view program, std::string_view stage, std::string_view text) {
  fmt::print("=== {}: {}\n{}{}", program, stage, text, text.ends_with('\n') ? "\n" : "\n\n");
}

}  // namespace

Result<CompileDump> CompileDump::create(std::string_view names) {
  CompileDump dump;
  for (const auto part : std::views::split(names, ',')) {
    const std::string_view name(part.begin(), part.end());
    if (name.empty()) continue;
    if (std::ranges::find(kStages, name) == kStages.end()) {
      return error(Code::kInvalidArgument, "--dump: wanted some of {}, found '{}'",
                   fmt::join(kStages, ", "), name);
    }
    dump.stages_.emplace(name);
  }
  return dump;
}

void CompileDump::attach(backend::BackendOptions& options) {
  if (wants("passes")) {
    options.passes.observer = [this](const compile::PassReport& report,
                                     const compile::Module& module) {
      passes_ += fmt::format("--- {}{}, {:.0f} us\n", report.name,
                             report.disabled ? " (switched off)" : "", 1e6 * report.seconds);
      if (!report.disabled) passes_ += compile::print(module);
    };
  }
  if (options.code) options.code->codegen.keep_text = wants("llvm") || wants("asm");
  options.observer = [this,
                      also = std::move(options.observer)](const backend::PreparedProgram& program) {
    if (also) also(program);
    print(program);
  };
}

void CompileDump::print(const backend::PreparedProgram& program) {
  if (wants("graph")) print_section(program.name, "graph", graph::print(program.graph));
  if (wants("passes")) print_section(program.name, "passes", passes_);
  passes_.clear();
  if (wants("plan")) print_section(program.name, "plan", compile::print(program.program));
  print_code(program);
}

void CompileDump::print_code(const backend::PreparedProgram& program) const {
  for (size_t i = 0; i < program.answers.size(); ++i) {
    const compile::CompiledRoutine* answer = program.answers[i];
    if (answer == nullptr) continue;
    const auto stage = [&](std::string_view name, const std::string& text) {
      if (!wants(name)) return;
      print_section(program.name, fmt::format("{} of routine {}", name, i),
                    text.empty() ? answer->why : text);
    };
    stage("llvm", answer->llvm);
    stage("asm", answer->assembly);
  }
}

}  // namespace spyre::cli
