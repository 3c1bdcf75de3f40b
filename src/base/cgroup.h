// What a Linux control group allows: CPUs and memory, of version 2 (cpu.max, memory.max) and
// version 1 (cpu.cfs_quota_us, memory.limit_in_bytes). Everything is a function of texts and of a
// folder that the caller names, so tests can bring their own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spyre::cgroup {

struct Limits {
  std::optional<double> cpus;  // quota / period
  std::optional<int64_t> memory_bytes;
};

// The strictest limits on all levels of this process's groups, of both versions.
// mount: usually /sys/fs/cgroup; membership: the text of /proc/self/cgroup.
Limits read_limits(const std::filesystem::path& mount, std::string_view membership);

// The group of a process below the mount, from lines "0::/path" (version 2: controller "") or
// "N:one,two:/path" (version 1). "/" when there is none, or when it lies outside this container.
std::string path_of(std::string_view membership, std::string_view controller);

// The folders in which a limit of group `path` may stand: the group's own, then each above it, the
// mount last. In a container the path is often not visible, while the mount is.
std::vector<std::filesystem::path> levels(const std::filesystem::path& mount,
                                          std::string_view path);

// cpu.max: "<quota> <period>" or "max <period>".
std::optional<double> parse_cpu_max(std::string_view text);
// cpu.cfs_quota_us (-1: none) and cpu.cfs_period_us.
std::optional<double> parse_cpu_quota(std::string_view quota_us, std::string_view period_us);
// memory.max ("max": none) or memory.limit_in_bytes.
std::optional<int64_t> parse_memory(std::string_view text);

}  // namespace spyre::cgroup
