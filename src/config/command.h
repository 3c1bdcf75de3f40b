// The commands of the binary, as words: their names, one line each for --help, and sets of them
// that say where a flag is accepted. What a command does is cli/'s matter.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace spyre::config {

enum class Command : uint8_t {
  kGenerate,
  kChat,
  kEmbed,
  kScore,
  kServe,
  kPlan,
  kCompile,
  kReplay,
  kBenchServe,
  kBenchLatency,
  kBenchThroughput,
  kBenchStartup,
  kTokenize,
  kDetokenize,
  kInspect,
  kPull,
  kCacheLs,
  kCacheVerify,
  kCachePrune,
  kCacheExport,
  kCacheImport,
  kHelp,
  kVersion,
};

struct CommandInfo {
  Command command;
  std::string_view name;
  std::string_view usage;    // what follows "spyre ", with placeholders
  std::string_view summary;  // one line
  std::string_view since;    // empty: not there yet
};

// All commands, in the order of Command.
std::span<const CommandInfo> commands();
const CommandInfo& info(Command command);
inline std::string_view name(Command command) { return info(command).name; }
std::optional<Command> command_named(std::string_view word);

// A set of commands as bits.
using CommandSet = uint32_t;
constexpr CommandSet set_of(Command command) {
  return static_cast<CommandSet>(1u << static_cast<unsigned>(command));
}
constexpr bool contains(CommandSet set, Command command) { return (set & set_of(command)) != 0; }

inline constexpr CommandSet kForGenerate = set_of(Command::kGenerate);
// The server, and what looks at a server's settings: its memory, its graphs, its schedule, its
// start.
inline constexpr CommandSet kForServe = set_of(Command::kServe) | set_of(Command::kPlan) |
                                        set_of(Command::kCompile) | set_of(Command::kReplay) |
                                        set_of(Command::kBenchStartup);
// Load against a server that runs.
inline constexpr CommandSet kForBenchServe = set_of(Command::kBenchServe);
// Measurements of the engine without a server.
inline constexpr CommandSet kForBenchOffline =
    set_of(Command::kBenchLatency) | set_of(Command::kBenchThroughput);
inline constexpr CommandSet kForBench =
    kForBenchServe | kForBenchOffline | set_of(Command::kBenchStartup);
// Answers to prompts given on the command line.
inline constexpr CommandSet kForAnswers = kForGenerate | set_of(Command::kChat);
// Vectors and scores of texts given on the command line or in a file.
inline constexpr CommandSet kForVectors = set_of(Command::kEmbed);
inline constexpr CommandSet kForPooling = kForVectors | set_of(Command::kScore);
// Whatever runs a model.
inline constexpr CommandSet kForEngine = kForAnswers | kForPooling | kForServe | kForBenchOffline;
// Whatever reads a model's tokenizer.
inline constexpr CommandSet kForText =
    kForEngine | set_of(Command::kTokenize) | set_of(Command::kDetokenize);
// Whatever reads a model's files.
inline constexpr CommandSet kForFiles = kForText | set_of(Command::kInspect);
// Whatever takes a MODEL, and what can do without one.
inline constexpr CommandSet kForModel = kForFiles | set_of(Command::kPull) | kForBenchServe;
inline constexpr CommandSet kModelOptional = set_of(Command::kReplay) | kForBenchServe;

// Whatever looks after the folder of compiled graphs, and what of it takes a FILE.
inline constexpr CommandSet kForCacheFile =
    set_of(Command::kCacheExport) | set_of(Command::kCacheImport);
inline constexpr CommandSet kForCacheReport =
    set_of(Command::kCacheLs) | set_of(Command::kCacheVerify);
inline constexpr CommandSet kForCache =
    kForCacheFile | kForCacheReport | set_of(Command::kCachePrune);

}  // namespace spyre::config
