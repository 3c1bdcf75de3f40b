#include "config/command.h"

#include <algorithm>
#include <array>

namespace spyre::config {

namespace {

constexpr std::array<CommandInfo, 23> kCommands = {{
    {Command::kGenerate, "generate", "generate MODEL --prompt TEXT [flags]",
     "Answers one prompt, or a file of requests.", "0.1"},
    {Command::kChat, "chat", "chat MODEL [flags]", "Talks with a model in the terminal.", "0.1"},
    {Command::kEmbed, "embed", "embed MODEL --input FILE [flags]",
     "Turns texts into vectors, in a file or on standard output.", "0.1"},
    {Command::kScore, "score", "score MODEL --input FILE [flags]",
     "Scores pairs of texts: how well each answers its query.", "0.1"},
    {Command::kServe, "serve", "serve MODEL [flags]", "Serves the OpenAI API over HTTP.", "0.1"},
    {Command::kPlan, "plan", "plan MODEL [flags]",
     "Prints the memory that serving a model takes, before anything is loaded.", "0.1"},
    {Command::kCompile, "compile", "compile MODEL [flags]",
     "Compiles a server's graphs into the graph cache, without serving.", "0.1"},
    {Command::kReplay, "replay", "replay --trace FILE [flags] [MODEL]",
     "Runs a trace of requests step by step and prints the schedule.", "0.1"},
    {Command::kBenchServe, "bench serve", "bench serve [flags]",
     "Measures a running server under load.", "0.1"},
    {Command::kBenchLatency, "bench latency", "bench latency MODEL [flags]",
     "Measures the time that one batch takes, without a server.", "0.1"},
    {Command::kBenchThroughput, "bench throughput", "bench throughput MODEL [flags]",
     "Measures tokens per second over many requests, without a server.", "0.1"},
    {Command::kBenchStartup, "bench startup", "bench startup MODEL [flags]",
     "Measures how long a server takes until it is ready.", "0.1"},
    {Command::kTokenize, "tokenize", "tokenize MODEL [flags]",
     "Turns JSON lines of text on standard input into token ids.", "0.1"},
    {Command::kDetokenize, "detokenize", "detokenize MODEL [flags]",
     "Turns JSON lines of token ids on standard input into text.", "0.1"},
    {Command::kInspect, "inspect", "inspect MODEL [flags]",
     "Prints a model's architecture, parameters, formats and memory.", "0.1"},
    {Command::kPull, "pull", "pull ID [flags]", "Downloads a model from the hub.", "0.1"},
    {Command::kCacheLs, "cache ls", "cache ls [flags]", "Lists the compiled graphs that are kept.",
     "0.1"},
    {Command::kCacheVerify, "cache verify", "cache verify [flags]",
     "Reads every compiled graph; exit status 1 when one is damaged.", "0.1"},
    {Command::kCachePrune, "cache prune", "cache prune [flags]",
     "Removes compiled graphs that cannot be used, are old, or take too much.", "0.1"},
    {Command::kCacheExport, "cache export", "cache export FILE [flags]",
     "Writes all compiled graphs into one file.", "0.1"},
    {Command::kCacheImport, "cache import", "cache import FILE [flags]",
     "Adds the compiled graphs of such a file; import only what you would run.", "0.1"},
    {Command::kHelp, "help", "help [COMMAND]", "Prints this text, or a command's flags.", "0.1"},
    {Command::kVersion, "version", "version", "Prints the version.", "0.1"},
}};

}  // namespace

std::span<const CommandInfo> commands() { return kCommands; }

const CommandInfo& info(Command command) { return kCommands[static_cast<size_t>(command)]; }

std::optional<Command> command_named(std::string_view word) {
  const auto* found = std::ranges::find(kCommands, word, &CommandInfo::name);
  if (found == kCommands.end()) return std::nullopt;
  return found->command;
}

}  // namespace spyre::config
