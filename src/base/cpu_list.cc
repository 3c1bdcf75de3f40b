#include "base/cpu_list.h"

#include <algorithm>
#include <charconv>

#include "base/cpu.h"

namespace spyre {

namespace {

constexpr std::string_view kSetting = "VLLM_CPU_OMP_THREADS_BIND";

// Cuts text at the first separator: returns what is before it, leaves what is after it; `more` says
// whether there was one.
std::string_view next_part(std::string_view& text, char separator, bool& more) {
  const size_t end = text.find(separator);
  more = end != std::string_view::npos;
  const std::string_view part = text.substr(0, end);
  text = more ? text.substr(end + 1) : std::string_view();
  return part;
}

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

Result<int> parse_cpu(std::string_view text, std::string_view whole) {
  text = trimmed(text);
  int cpu = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), cpu);
  if (status != std::errc() || end != text.data() + text.size() || cpu < 0) {
    return error(Code::kInvalidArgument,
                 "{}: wanted auto, nobind or CPU numbers as in 0-3 or 0,2,4-7, found '{}' in '{}'",
                 kSetting, text, whole);
  }
  return cpu;
}

Status add_cpu(int cpu, const std::vector<int>& usable_cpus, std::vector<int>& cpus) {
  if (std::ranges::find(usable_cpus, cpu) == usable_cpus.end()) {
    std::vector<int> sorted = usable_cpus;
    std::ranges::sort(sorted);
    return error(Code::kInvalidArgument, "{}: wanted CPUs that this process may use ({}), found {}",
                 kSetting, fmt::join(sorted, ","), cpu);
  }
  if (std::ranges::find(cpus, cpu) != cpus.end()) {
    return error(Code::kInvalidArgument, "{}: wanted each CPU once, found {} twice", kSetting, cpu);
  }
  cpus.push_back(cpu);
  return {};
}

Result<std::vector<int>> parse_rank(std::string_view text, std::string_view whole,
                                    const std::vector<int>& usable_cpus) {
  std::vector<int> cpus;
  for (bool more = true; more;) {
    std::string_view range = next_part(text, ',', more);
    bool is_range = false;
    const std::string_view low = next_part(range, '-', is_range);
    SPYRE_TRY_ASSIGN(const int first, parse_cpu(low, whole));
    int last = first;
    if (is_range) {
      SPYRE_TRY_ASSIGN(last, parse_cpu(range, whole));
    }
    if (last < first) {
      return error(Code::kInvalidArgument, "{}: wanted ascending ranges, found '{}-{}' in '{}'",
                   kSetting, first, last, whole);
    }
    // The first CPU that is not usable ends this: ranges need no bound of their own.
    for (int64_t cpu = first; cpu <= last; ++cpu) {
      SPYRE_TRY(add_cpu(static_cast<int>(cpu), usable_cpus, cpus));
    }
  }
  return cpus;
}

}  // namespace

Result<std::vector<int>> parse_cpu_list(std::string_view text, const std::vector<int>& usable_cpus,
                                        int num_threads) {
  const auto threads = static_cast<size_t>(num_threads);
  const std::string_view word = trimmed(text);
  if (word == "nobind") return std::vector<int>(threads, -1);
  if (word == "auto") {
    const size_t count = std::min(threads, usable_cpus.size());
    return std::vector<int>(usable_cpus.begin(),
                            usable_cpus.begin() + static_cast<ptrdiff_t>(count));
  }
  std::vector<int> first_rank;
  std::string_view rest = text;
  for (bool more = true; more;) {
    SPYRE_TRY_ASSIGN(auto cpus, parse_rank(next_part(rest, '|', more), text, usable_cpus));
    if (first_rank.empty()) first_rank = std::move(cpus);
  }
  return first_rank;
}

Result<std::vector<int>> parse_cpu_list(std::string_view text) {
  return parse_cpu_list(text, usable_cpus(), default_num_threads());
}

}  // namespace spyre
