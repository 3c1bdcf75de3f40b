// Numbers to text, columns aligned.
#include "plan/parts.h"

#include <fmt/format.h>

namespace spyre::plan {

std::string text(int64_t bytes, Units units) {
  const auto value = static_cast<double>(bytes);
  if (units == Units::kBinary) return fmt::format("{:.2f} GiB", value / (1 << 30));
  if (bytes >= 1'000'000'000) return fmt::format("{:.2f} GB", value / 1e9);
  return fmt::format("{:.1f} MB", value / 1e6);
}

int64_t total_bytes(std::span<const Part> parts) {
  int64_t bytes = 0;
  for (const Part& part : parts) bytes += part.bytes;
  return bytes;
}

std::string table(std::span<const Part> parts, Units units) {
  constexpr auto kLine = "{:<14} {:>12}  {}\n";
  std::string result;
  for (const Part& part : parts) {
    result += fmt::format(kLine, part.name, text(part.bytes, units), part.how);
  }
  return result + fmt::format("{:<14} {:>12}\n", "total", text(total_bytes(parts), units));
}

Json to_json(std::span<const Part> parts) {
  Json result = Json::array();
  for (const Part& part : parts) {
    result.push_back({{"name", part.name}, {"bytes", part.bytes}, {"how", part.how}});
  }
  return result;
}

}  // namespace spyre::plan
