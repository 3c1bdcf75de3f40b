#include "cli/cache_report.h"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace spyre::cli {

namespace {

using Item = cache::GraphCache::Item;
using Clock = std::chrono::system_clock;

constexpr size_t kValueColumns = 20;

CacheItems last_used_first(CacheItems items) {
  std::ranges::sort(items, std::ranges::greater(), &Item::used);
  return items;
}

int64_t total_bytes(const CacheItems& items) {
  return std::accumulate(items.begin(), items.end(), int64_t{0},
                         [](int64_t sum, const Item& item) { return sum + item.bytes; });
}

std::string age_text(Clock::duration age) {
  constexpr int64_t kDay = int64_t{24} * 60;
  const int64_t minutes = std::chrono::duration_cast<std::chrono::minutes>(age).count();
  if (minutes < 1) return "now";
  if (minutes < 120) return fmt::format("{} min ago", minutes);
  if (minutes < 2 * kDay) return fmt::format("{} h ago", minutes / 60);
  return fmt::format("{} days ago", minutes / kDay);
}

// All fields but the first; hashes and lists of features by their beginning.
std::string fields_text(const cache::KeyFields& fields) {
  std::string text;
  for (size_t i = 1; i < fields.fields.size(); ++i) {
    const auto& [name, value] = fields.fields[i];
    const bool fits = value.size() <= kValueColumns;
    text += fmt::format("{}{}={}{}", i > 1 ? ", " : "", name,
                        fits ? value : value.substr(0, kValueColumns - 3), fits ? "" : "...");
  }
  return text;
}

}  // namespace

std::string bytes_text(int64_t bytes) {
  constexpr const char* kUnits[] = {"kB", "MB", "GB", "TB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double number = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  while (number >= 999.95 && unit + 1 < std::size(kUnits)) {
    number /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", number, kUnits[unit]);
}

std::string entries_text(int64_t count) {
  return fmt::format("{} {}", count, count == 1 ? "entry" : "entries");
}

int64_t bad_entries(const CacheItems& items) {
  return std::ranges::count_if(items, [](const Item& item) { return !item.problem.empty(); });
}

std::string text(const CacheItems& given, Clock::time_point now) {
  const CacheItems items = last_used_first(given);
  size_t columns = std::string_view("program").size();
  for (const Item& item : items) columns = std::max(columns, item.header.fields.program().size());
  std::string lines;
  if (!items.empty()) {
    lines += fmt::format("{:<8}  {:<{}}  {:>8}  {:>12}  {}\n", "key", "program", columns, "size",
                         "used", "compiled for");
  }
  for (const Item& item : items) {
    const bool bad = !item.problem.empty();
    lines += fmt::format("{:<8}  {:<{}}  {:>8}  {:>12}  {}\n", item.key.substr(0, 8),
                         item.header.fields.program(), columns, bytes_text(item.bytes),
                         item.used == Clock::time_point() ? "?" : age_text(now - item.used),
                         bad ? "BAD: " + item.problem : fields_text(item.header.fields));
  }
  const int64_t bad = bad_entries(items);
  lines += fmt::format("{}, {}", entries_text(std::ssize(items)), bytes_text(total_bytes(items)));
  if (bad > 0) lines += fmt::format(", {} bad (spyre cache prune removes them)", bad);
  return lines + "\n";
}

Json to_json(const CacheItems& given, const std::filesystem::path& folder) {
  Json entries = Json::array();
  for (const Item& item : last_used_first(given)) {
    Json fields = Json::object();
    for (const auto& [name, value] : item.header.fields.fields) fields[name] = value;
    const auto used = std::chrono::duration<double>(item.used.time_since_epoch()).count();
    entries.push_back({{"key", item.key},
                       {"bytes", item.bytes},
                       {"used", used},
                       {"fields", std::move(fields)},
                       {"about", item.header.about},
                       {"problem", item.problem.empty() ? Json() : Json(item.problem)}});
  }
  return {{"folder", folder.string()},
          {"bytes", total_bytes(given)},
          {"bad", bad_entries(given)},
          {"entries", std::move(entries)}};
}

}  // namespace spyre::cli
