#include "base/cpu.h"

#include <cpuid.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <thread>

namespace spyre {

namespace {

uint64_t xcr0() {
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
}

std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

std::optional<int64_t> positive_number(const std::string& text) {
  std::istringstream in(text);
  int64_t value = 0;
  if (!(in >> value) || value <= 0) return std::nullopt;
  return value;
}

// The cgroup's own folder below the mount, from /proc/self/cgroup: "0::/path" (v2) or
// "N:controllers:/path" (v1).
std::string cgroup_path(std::string_view controller) {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const bool match = controller.empty()
                           ? names == ",,"
                           : names.find("," + std::string(controller) + ",") != std::string::npos;
    if (match) return line.substr(second + 1);
  }
  return "/";
}

// A limit may sit on any level above the process; inside a container the path is often not visible,
// the root is.
template <typename Read>
void for_each_level(const std::string& mount, std::string path, Read&& read) {
  while (true) {
    read(mount + (path == "/" ? "" : path));
    if (path.empty() || path == "/") return;
    path.resize(path.find_last_of('/'));
    if (path.empty()) path = "/";
  }
}

std::optional<double> cgroup_cpu_quota() {
  std::optional<double> quota;
  const auto take = [&](double cpus) { quota = quota ? std::min(*quota, cpus) : cpus; };
  for_each_level("/sys/fs/cgroup", cgroup_path(""), [&](const std::string& folder) {
    const auto line = first_line(folder + "/cpu.max");
    if (!line) return;
    std::istringstream in(*line);
    double limit = 0;
    double period = 0;
    if (in >> limit >> period && limit > 0 && period > 0) take(limit / period);
  });
  for_each_level("/sys/fs/cgroup/cpu", cgroup_path("cpu"), [&](const std::string& folder) {
    const auto limit = first_line(folder + "/cpu.cfs_quota_us");
    const auto period = first_line(folder + "/cpu.cfs_period_us");
    if (!limit || !period) return;
    const auto l = positive_number(*limit);
    const auto p = positive_number(*period);
    if (l && p) take(static_cast<double>(*l) / static_cast<double>(*p));
  });
  return quota;
}

}  // namespace

CpuFeatures detect_cpu_features() {
  CpuFeatures features;
  uint32_t a = 0;
  uint32_t b = 0;
  uint32_t c = 0;
  uint32_t d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return features;
  const bool fma = c & (1u << 12);
  const bool f16c = c & (1u << 29);
  const bool osxsave = c & (1u << 27);
  if (!osxsave) return features;
  const uint64_t enabled = xcr0();
  const bool ymm = (enabled & 0x6) == 0x6;
  const bool zmm = (enabled & 0xe6) == 0xe6;
  const bool tiles = (enabled & 0x60000) == 0x60000;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  features.avx2 = ymm && fma && f16c && (b & (1u << 5));
  constexpr uint32_t kF = 1u << 16;
  constexpr uint32_t kDq = 1u << 17;
  constexpr uint32_t kBw = 1u << 30;
  constexpr uint32_t kVl = 1u << 31;
  constexpr uint32_t kAll = kF | kDq | kBw | kVl;
  features.avx512 = features.avx2 && zmm && (b & kAll) == kAll;
  features.avx512_vnni = features.avx512 && (c & (1u << 11));
  features.amx_bf16 = tiles && (d & (1u << 22));
  features.amx_int8 = tiles && (d & (1u << 25));
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) {
    features.avx512_bf16 = features.avx512 && (a & (1u << 5));
  }
  return features;
}

std::string cpu_model_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const size_t colon = line.find(':');
    if (colon != std::string::npos && colon + 2 <= line.size()) return line.substr(colon + 2);
  }
  return "unknown CPU";
}

std::vector<int> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cpus;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) {
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
    }
  }
  if (cpus.empty()) cpus.push_back(0);
  // A CPU whose siblings file names an earlier CPU of ours is a second hyper-thread of that core.
  std::set<std::string> cores;
  std::vector<int> siblings;
  std::erase_if(cpus, [&](int cpu) {
    const auto core = first_line("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                                 "/topology/thread_siblings_list");
    if (!core || cores.insert(*core).second) return false;
    siblings.push_back(cpu);
    return true;
  });
  cpus.insert(cpus.end(), siblings.begin(), siblings.end());
  return cpus;
}

int default_num_threads() {
  std::set<std::string> cores;
  int physical = 0;
  for (const int cpu : usable_cpus()) {
    const auto core = first_line("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                                 "/topology/thread_siblings_list");
    if (!core || cores.insert(*core).second) ++physical;
  }
  if (const auto quota = cgroup_cpu_quota()) {
    physical = std::min(physical, static_cast<int>(*quota + 0.999));
  }
  return std::max(physical, 1);
}

int64_t memory_limit_bytes() {
  int64_t limit = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  const auto take = [&](const std::string& file) {
    if (const auto line = first_line(file)) {
      if (const auto bytes = positive_number(*line)) limit = std::min(limit, *bytes);
    }
  };
  for_each_level("/sys/fs/cgroup", cgroup_path(""),
                 [&](const std::string& folder) { take(folder + "/memory.max"); });
  for_each_level("/sys/fs/cgroup/memory", cgroup_path("memory"),
                 [&](const std::string& folder) { take(folder + "/memory.limit_in_bytes"); });
  return limit;
}

}  // namespace spyre
