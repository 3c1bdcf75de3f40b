#include "serve/metrics/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace spyre::serve::metrics {

namespace {

std::string content(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The number in the word at `index`, words being separated by blanks.
std::optional<int64_t> number_at(std::string_view text, int index) {
  for (; index > 0; --index) {
    const size_t blank = text.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    text.remove_prefix(blank + 1);
  }
  int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc()) return std::nullopt;
  return number;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

prometheus::MetricFamily family(const char* name, const char* help, double value,
                                prometheus::MetricType type) {
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return {name, help, type, {std::move(metric)}};
}

}  // namespace

double start_seconds(std::string_view process_stat, std::string_view machine_stat,
                     int64_t ticks_per_second) {
  // The second field is the program's name in parentheses and may hold anything; field 22 is the
  // start in ticks since boot.
  const size_t name_end = process_stat.rfind(')');
  constexpr std::string_view kBoot = "\nbtime ";
  const size_t boot = machine_stat.find(kBoot);
  if (name_end == std::string_view::npos || boot == std::string_view::npos) return 0;
  const auto ticks = number_at(process_stat.substr(name_end), 20);
  const auto boot_s = number_at(machine_stat.substr(boot + kBoot.size()), 0);
  if (!ticks || !boot_s || ticks_per_second <= 0) return 0;
  return static_cast<double>(*boot_s) +
         static_cast<double>(*ticks) / static_cast<double>(ticks_per_second);
}

ProcessUsage process_usage() {
  ProcessUsage usage;
  const std::string memory = content("/proc/self/statm");
  const int64_t page_bytes = sysconf(_SC_PAGESIZE);
  usage.virtual_bytes = number_at(memory, 0).value_or(0) * page_bytes;
  usage.resident_bytes = number_at(memory, 1).value_or(0) * page_bytes;
  rusage times{};
  if (getrusage(RUSAGE_SELF, &times) == 0) {
    usage.cpu_seconds = seconds(times.ru_utime) + seconds(times.ru_stime);
  }
  usage.start_seconds =
      start_seconds(content("/proc/self/stat"), content("/proc/stat"), sysconf(_SC_CLK_TCK));
  std::error_code problem;
  const std::filesystem::directory_iterator files("/proc/self/fd", problem);
  if (!problem) usage.open_files = std::distance(begin(files), end(files));
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    usage.most_files = static_cast<int64_t>(limit.rlim_cur);
  }
  return usage;
}

std::vector<prometheus::MetricFamily> process_families(const ProcessUsage& usage) {
  using prometheus::MetricType;
  const auto gauge = [](const char* name, const char* help, auto value) {
    return family(name, help, static_cast<double>(value), MetricType::Gauge);
  };
  return {gauge("process_resident_memory_bytes", "Memory in RAM.", usage.resident_bytes),
          gauge("process_virtual_memory_bytes", "Memory in addresses.", usage.virtual_bytes),
          family("process_cpu_seconds_total", "CPU time of all threads.", usage.cpu_seconds,
                 MetricType::Counter),
          gauge("process_start_time_seconds", "Start, in Unix time.", usage.start_seconds),
          gauge("process_open_fds", "Open files.", usage.open_files),
          gauge("process_max_fds", "Most open files.", usage.most_files)};
}

}  // namespace spyre::serve::metrics
