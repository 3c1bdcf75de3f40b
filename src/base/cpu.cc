#include "base/cpu.h"

#include <cpuid.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

#include "base/cgroup.h"

namespace spyre {

namespace {

uint64_t xcr0() {
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<uint64_t>(high) << 32) | low;
}

// The system saves the tiles of AMX for processes only that asked: once, for all threads.
bool allow_tiles() {
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

std::optional<std::string> first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

// Files of /proc have no length to ask for.
std::string whole_text(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

cgroup::Limits cgroup_limits() {
  return cgroup::read_limits("/sys/fs/cgroup", whole_text("/proc/self/cgroup"));
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
  const bool amx = tiles && (d & (1u << 24)) && allow_tiles();
  features.amx_bf16 = amx && (d & (1u << 22));
  features.amx_int8 = amx && (d & (1u << 25));
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) {
    features.avx_vnni = features.avx2 && (a & (1u << 4));
    features.avx512_bf16 = features.avx512 && (a & (1u << 5));
  }
  return features;
}

namespace {

// The first line of that name in /proc/cpuinfo; empty when there is none.
std::string cpu_info(std::string_view name) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(name)) continue;
    const size_t colon = line.find(':');
    if (colon != std::string::npos && colon + 2 <= line.size()) return line.substr(colon + 2);
  }
  return "";
}

}  // namespace

std::string cpu_model_name() {
  std::string name = cpu_info("model name");
  return name.empty() ? "unknown CPU" : name;
}

std::string cpu_flags() { return cpu_info("flags"); }

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
  if (const auto quota = cgroup_limits().cpus; quota && *quota < physical) {
    physical = static_cast<int>(std::ceil(*quota));
  }
  return std::max(physical, 1);
}

int64_t memory_limit_bytes() {
  const int64_t machine = sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
  return std::min(machine, cgroup_limits().memory_bytes.value_or(machine));
}

}  // namespace spyre
