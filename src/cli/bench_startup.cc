// `spyre bench startup`: how long `spyre serve` takes from its start until /ready answers 200, cold
// (the model's files are not in the machine's memory, its graphs in no cache) and warm.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <thread>

#include "cli/child_process.h"
#include "cli/commands.h"
#include "cli/locate_model.h"
#include "cli/progress_line.h"
#include "cli/write_file.h"
#include "config/environment.h"
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

// Graph caches of this run, which nobody else has: an empty one for each cold start, and the last
// of them for the warm ones. None when the settings name a folder, or no cache.
class OwnCaches {
 public:
  explicit OwnCaches(const config::Settings& settings) {
    if (settings.is_set(Setting::kSendnnCacheDir) || settings.flag(Setting::kDisableCompileCache)) {
      return;
    }
    std::error_code failed;
    std::string name =
        (std::filesystem::temp_directory_path(failed) / "spyre-startup-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) folder_ = name;
  }
  OwnCaches(const OwnCaches&) = delete;
  OwnCaches& operator=(const OwnCaches&) = delete;
  ~OwnCaches() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  // For the servers that are started from now on. Caller: no other thread runs.
  void use_empty() {
    if (folder_.empty()) return;
    config::write_process_variable(std::string(config::info(Setting::kSendnnCacheEnable).env), "1");
    config::write_process_variable(std::string(config::info(Setting::kSendnnCacheDir).env),
                                   (folder_ / std::to_string(++count_)).string());
  }

 private:
  std::filesystem::path folder_;
  int count_ = 0;
};

struct Start {
  double seconds = 0;  // until it was ready
  double warmup_seconds =
      0;  // of these: programs, compiled or from the cache, and their first runs
};

// What the server says of its own warm-up; 0 when it says nothing.
double warmup_seconds(const loadtest::Target& target) {
  const auto metrics = loadtest::ask_once(target, "/metrics", "");
  if (!metrics) return 0;
  constexpr std::string_view kName = "\nspyre:warmup_seconds{";
  const size_t line = metrics->find(kName);
  const size_t value = line == std::string::npos ? line : metrics->find("} ", line);
  if (value == std::string::npos) return 0;
  double seconds = 0;
  std::from_chars(metrics->data() + value + 2, metrics->data() + metrics->size(), seconds);
  return seconds;
}

Result<Start> start_once(const config::Settings& settings) {
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
  Start result{.seconds = std::chrono::duration<double>(Clock::now() - start).count()};
  result.warmup_seconds = warmup_seconds(target);
  server.end(kEnd);
  return result;
}

Json print_starts(std::string_view kind, const std::vector<Start>& starts) {
  if (starts.empty()) return {};
  std::vector<double> seconds;
  std::vector<double> warmups;
  for (const Start& each : starts) {
    seconds.push_back(each.seconds);
    warmups.push_back(each.warmup_seconds);
  }
  const auto values = loadtest::distribution(seconds, kPercents);
  const auto print = [&](std::string_view what, double value) {
    fmt::print("{:<40} {:<10.3f}\n", fmt::format(fmt::runtime(what), kind), value);
  };
  print("Avg {} startup time (s):", values.mean);
  print("Median {} startup time (s):", values.median);
  print("P99 {} startup time (s):", values.percentiles[1]);
  print("Median {} warm-up time (s):", loadtest::distribution(warmups, kPercents).median);
  return {{"avg", values.mean},
          {"percentiles", {{"50", values.percentiles[0]}, {"99", values.percentiles[1]}}},
          {"seconds", seconds},
          {"warmup_seconds", warmups}};
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
  std::vector<Start> cold;
  std::vector<Start> warm;
  OwnCaches caches(settings);
  ProgressLine line("starts");
  const bool quiet = settings.flag(Setting::kDisableTqdm);
  const auto show = [&] {
    if (!quiet) line.show(std::ssize(cold) + std::ssize(warm), cold_starts + warm_starts);
  };
  for (int64_t i = 0; i < cold_starts; ++i) {
    forget_model(model);
    caches.use_empty();
    SPYRE_TRY_ASSIGN(const Start start, start_once(settings));
    cold.push_back(start);
    show();
  }
  // What a cold start left in memory does for a warm one; without any, one start that nobody
  // counts.
  if (cold_starts == 0 && warm_starts > 0) {
    caches.use_empty();
    SPYRE_TRY(start_once(settings));
  }
  for (int64_t i = 0; i < warm_starts; ++i) {
    SPYRE_TRY_ASSIGN(const Start start, start_once(settings));
    warm.push_back(start);
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
