// main(): reads settings, wires the rooms, runs a command; does nothing else.
#include <fmt/format.h>

#include <exception>
#include <string>
#include <vector>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "config/help.h"
#include "config/settings.h"

namespace spyre::cli {
namespace {

using config::Command;
using config::Setting;

int run_command(Command command, const config::Settings& settings) {
  switch (command) {
    case Command::kGenerate:
      return run_generate(settings);
    case Command::kChat:
      return run_chat(settings);
    case Command::kEmbed:
      return run_embed(settings);
    case Command::kScore:
      return run_score(settings);
    case Command::kTokenize:
      return run_tokenize(settings);
    case Command::kDetokenize:
      return run_detokenize(settings);
    case Command::kInspect:
      return run_inspect(settings);
    case Command::kPull:
      return run_pull(settings);
    case Command::kCacheLs:
      return run_cache_ls(settings);
    case Command::kCacheVerify:
      return run_cache_verify(settings);
    case Command::kCachePrune:
      return run_cache_prune(settings);
    case Command::kCacheExport:
      return run_cache_export(settings);
    case Command::kCacheImport:
      return run_cache_import(settings);
    case Command::kReplay:
      return run_replay(settings);
    case Command::kServe:
      return run_serve(settings);
    case Command::kPlan:
      return run_plan(settings);
    case Command::kCompile:
      return run_compile(settings);
    case Command::kBenchServe:
      return run_bench_serve(settings);
    case Command::kBenchLatency:
      return run_bench_latency(settings);
    case Command::kBenchThroughput:
      return run_bench_throughput(settings);
    case Command::kBenchStartup:
      return run_bench_startup(settings);
    case Command::kHelp:
    case Command::kVersion:
      break;
  }
  return 0;
}

int run(const std::vector<std::string>& args) {
  const auto line = config::parse_command_line(args);
  if (!line) return fail(line.error());
  if (line->help) {
    fmt::print("{}", config::help_text(line->command));
    return 0;
  }
  if (line->command == Command::kHelp) {
    fmt::print("{}", line->topic ? config::help_text(*line->topic) : config::help_text());
    return 0;
  }
  if (line->command == Command::kVersion) {
    fmt::print("spyre {}\n", SPYRE_VERSION);
    return 0;
  }
  const auto settings = config::load(config::Environment::of_process(), *line);
  if (!settings) return fail(settings.error());
  if (const Status status = log::init(settings->text(Setting::kLoggingLevel)); !status) {
    return fail(status.error());
  }
  for (const std::string& warning : settings->warnings()) log::warn("{}", warning);
  install_interrupt_handlers();
  return run_command(line->command, *settings);
}

}  // namespace
}  // namespace spyre::cli

int main(int argc, char** argv) {
  try {
    return spyre::cli::run({argv + 1, argv + argc});
  } catch (const std::exception& exception) {
    // Of a library, out of memory among them: ours are values.
    fmt::print(stderr, "spyre: {}\n", exception.what());
    return 1;
  }
}
