#include "base/cgroup.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>

namespace spyre::cgroup {

namespace {

std::optional<std::string> first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  return line;
}

// A whole number above zero, spaces around it allowed.
std::optional<int64_t> positive(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return std::nullopt;
  text = text.substr(begin, text.find_last_not_of(" \t\n") + 1 - begin);
  int64_t value = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

template <typename T>
void take_least(std::optional<T>& least, std::optional<T> found) {
  if (found) least = least ? std::min(*least, *found) : *found;
}

template <typename Parse>
auto parsed(const std::filesystem::path& file, Parse parse) -> decltype(parse("")) {
  const auto line = first_line(file);
  if (!line) return std::nullopt;
  return parse(*line);
}

}  // namespace

Limits read_limits(const std::filesystem::path& mount, std::string_view membership) {
  Limits limits;
  for (const auto& folder : levels(mount, path_of(membership, ""))) {
    take_least(limits.cpus, parsed(folder / "cpu.max", parse_cpu_max));
    take_least(limits.memory_bytes, parsed(folder / "memory.max", parse_memory));
  }
  for (const auto& folder : levels(mount / "cpu", path_of(membership, "cpu"))) {
    const auto quota = first_line(folder / "cpu.cfs_quota_us");
    const auto period = first_line(folder / "cpu.cfs_period_us");
    if (quota && period) take_least(limits.cpus, parse_cpu_quota(*quota, *period));
  }
  for (const auto& folder : levels(mount / "memory", path_of(membership, "memory"))) {
    take_least(limits.memory_bytes, parsed(folder / "memory.limit_in_bytes", parse_memory));
  }
  return limits;
}

std::string path_of(std::string_view membership, std::string_view controller) {
  while (!membership.empty()) {
    const size_t line_end = std::min(membership.find('\n'), membership.size());
    const std::string_view line = membership.substr(0, line_end);
    membership.remove_prefix(std::min(line_end + 1, membership.size()));
    const size_t first = line.find(':');
    if (first == std::string_view::npos) continue;
    const size_t second = line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string names = fmt::format(",{},", line.substr(first + 1, second - first - 1));
    if (names.find(fmt::format(",{},", controller)) == std::string::npos) continue;
    const std::string_view path = line.substr(second + 1);
    // "/../.." is how the kernel names a group above the container's own.
    if (!path.starts_with('/') || path.find("/..") != std::string_view::npos) return "/";
    return std::string(path);
  }
  return "/";
}

std::vector<std::filesystem::path> levels(const std::filesystem::path& mount,
                                          std::string_view path) {
  std::vector<std::filesystem::path> folders;
  while (!path.empty() && path != "/") {
    folders.push_back(mount / path.substr(1));
    path = path.substr(0, path.find_last_of('/'));
  }
  folders.push_back(mount);
  return folders;
}

std::optional<double> parse_cpu_max(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  return parse_cpu_quota(text.substr(0, space), text.substr(space + 1));
}

std::optional<double> parse_cpu_quota(std::string_view quota_us, std::string_view period_us) {
  const auto quota = positive(quota_us);
  const auto period = positive(period_us);
  if (!quota || !period) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

std::optional<int64_t> parse_memory(std::string_view text) { return positive(text); }

}  // namespace spyre::cgroup
