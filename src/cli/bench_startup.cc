// `spyre bench startup`: how long `spyre serve` takes from its start until /ready answers 200, cold
// (the model's files are not in the machine's memory) and warm.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "cli/child_process.h"
#include "cli/commands.h"
#include "cli/locate_model.h"
#include "cli/progress_line.h"
#include "cli/write_file.h"
#include "config/setting.h"
#include "loadtest/load.h"
#include "loadtest/statistics.h"

namespace spyre::cli {

namespace {

using config::Setting;
using config::SettingInfo;
using config::Type;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll{2};
constexpr std::chrono::milliseconds kEnd{10'000};
constexpr double kPercents[] = {50, 99};

// A port that nobody listens on, as far as one can know.
Result<uint16_t> free_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t bytes = sizeof(address);
  const bool found = probe >= 0 &&
                     ::bind(probe, reinterpret_cast<sockaddr*>(&address), bytes) == 0 &&
                     ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &bytes) == 0;
  if (probe >= 0) ::close(probe);
  if (!found) return error(Code::kIo, "no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

// Which address the server gets is this command's choice.
bool ours(Setting setting) {
  return setting == Setting::kModel || setting == Setting::kHost || setting == Setting::kPort ||
         setting == Setting::kUds;
}

// The flags of this command line that `serve` takes, as they were written.
std::vector<std::string> serve_arguments(const config::Settings& settings, uint16_t port) {
  std::vector<std::string> arguments = {"serve",  settings.text(Setting::kModel),
                                        "--host", "127.0.0.1",
                                        "--port", std::to_string(port)};
  for (const SettingInfo& row : config::table()) {
    const bool given = settings.source(row.setting) == config::Source::kFlag;
    if (!given || ours(row.setting) || !contains(row.commands, config::Command::kServe)) continue;
    if (row.type == Type::kBool || row.type == Type::kSwitch) {
      arguments.push_back(settings.flag(row.setting) ? std::string(row.flag)
                                                     : fmt::format("--no-{}", row.flag.substr(2)));
    } else if (row.type == Type::kTexts || row.type == Type::kWords) {
      for (const std::string& each : settings.texts(row.setting)) {
        arguments.push_back(fmt::format("{}={}", row.flag, each));
      }
    } else {
      arguments.push_back(fmt::format("{}={}", row.flag, settings.written(row.setting)));
    }
  }
  return arguments;
}

// Asks the kernel to forget what it holds of a file; pages that are mapped elsewhere stay.
void forget_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  ::close(file);
}

void forget_model(const std::filesystem::path& model) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(model, ignored)) return forget_file(model);
  for (const auto& each : std::filesystem::recursive_directory_iterator(model, ignored)) {
    if (each.is_regular_file(ignored)) forget_file(each.path());
  }
}

Result<double> start_once(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const uint16_t port, free_port());
  const loadtest::Target target{
      .url = {.host = "127.0.0.1", .port = std::to_string(port), .path = ""}};
  const auto limit = std::chrono::seconds(settings.integer(Setting::kStartupTimeout));
  const Clock::time_point start = Clock::now();
  SPYRE_TRY_ASSIGN(ChildProcess server, ChildProcess::start(serve_arguments(settings, port)));
  while (!loadtest::ask_once(target, "/ready", "")) {
    if (interrupted()) return error(Code::kCancelled, "stopped");
    if (!server.running()) {
      return error(Code::kUnavailable, "the server ended before it was ready:\n{}",
                   server.output());
    }
    if (Clock::now() - start > limit) {
      return error(Code::kDeadlineExceeded,
                   "the server is not ready after {} s (--startup-timeout):\n{}", limit.count(),
                   server.output());
    }
    std::this_thread::sleep_for(kPoll);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  server.end(kEnd);
  return seconds;
}

Json print_starts(std::string_view kind, const std::vector<double>& seconds) {
  if (seconds.empty()) return {};
  const auto values = loadtest::distribution(seconds, kPercents);
  fmt::print("{:<40} {:<10.3f}\n", fmt::format("Avg {} startup time (s):", kind), values.mean);
  fmt::print("{:<40} {:<10.3f}\n", fmt::format("Median {} startup time (s):", kind), values.median);
  fmt::print("{:<40} {:<10.3f}\n", fmt::format("P99 {} startup time (s):", kind),
             values.percentiles[1]);
  return {{"avg", values.mean},
          {"percentiles", {{"50", values.percentiles[0]}, {"99", values.percentiles[1]}}},
          {"seconds", seconds}};
}

Status check(const config::Settings& settings) {
  if (settings.integer(Setting::kNumItersCold) + settings.integer(Setting::kNumItersWarm) == 0) {
    return error(Code::kInvalidArgument,
                 "--num-iters-cold and --num-iters-warm: wanted at least one start, found none");
  }
  if (settings.is_set(Setting::kSslCertfile)) {
    return error(Code::kInvalidArgument,
                 "--ssl-certfile: /ready is asked without TLS here; leave it out");
  }
  return {};
}

Result<int> bench_startup(const config::Settings& settings) {
  SPYRE_TRY(check(settings));
  SPYRE_TRY_ASSIGN(const std::filesystem::path model, locate_model(settings));
  const int64_t cold_starts = settings.integer(Setting::kNumItersCold);
  const int64_t warm_starts = settings.integer(Setting::kNumItersWarm);
  std::vector<double> cold;
  std::vector<double> warm;
  ProgressLine line("starts");
  const bool quiet = settings.flag(Setting::kDisableTqdm);
  const auto show = [&] {
    if (!quiet) line.show(std::ssize(cold) + std::ssize(warm), cold_starts + warm_starts);
  };
  for (int64_t i = 0; i < cold_starts; ++i) {
    forget_model(model);
    SPYRE_TRY_ASSIGN(const double seconds, start_once(settings));
    cold.push_back(seconds);
    show();
  }
  // What a cold start left in memory does for a warm one; without any, one start that nobody
  // counts.
  if (cold_starts == 0 && warm_starts > 0) SPYRE_TRY(start_once(settings));
  for (int64_t i = 0; i < warm_starts; ++i) {
    SPYRE_TRY_ASSIGN(const double seconds, start_once(settings));
    warm.push_back(seconds);
    show();
  }
  line.clear();
  const Json result = {{"cold", print_starts("cold", cold)}, {"warm", print_starts("warm", warm)}};
  if (settings.is_set(Setting::kOutputJson)) {
    SPYRE_TRY(
        write_file(settings.text(Setting::kOutputJson), result.dump(4) + "\n", "--output-json"));
  }
  return 0;
}

}  // namespace

int run_bench_startup(const config::Settings& settings) {
  const Result<int> status = bench_startup(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
