#include <algorithm>

#include "cache/state.h"

namespace spyre::cache {

namespace {

using Item = GraphCache::Item;
using Clock = std::chrono::system_clock;

// Why an entry goes whatever the others take; empty: it stays.
std::string why_removed(const Item& item, const GraphCache::PruneOptions& options,
                        Clock::time_point now) {
  if (!item.problem.empty()) return item.problem;
  KeyFields kept;
  KeyFields had;
  for (const auto& [name, value] : options.only) {
    const std::string* other = item.header.fields.find(name);
    if (other == nullptr || *other == value) continue;
    kept.fields.emplace_back(name, value);
    had.fields.emplace_back(name, *other);
  }
  if (!kept.fields.empty()) return difference(had, kept);
  if (options.age && now - item.used > *options.age) {
    const auto days = std::chrono::duration<double, std::ratio<86400>>(now - item.used).count();
    return fmt::format("not used for {:.1f} days", days);
  }
  return {};
}

}  // namespace

Result<GraphCache::PruneReport> GraphCache::prune(const PruneOptions& options,
                                                  const Progress& progress) {
  if (!writable()) {
    return error(Code::kUnavailable, "{}: is read-only: nothing is removed from it",
                 path().string());
  }
  SPYRE_TRY_ASSIGN(auto items, verify(progress));
  PruneReport report;
  report.leftovers = state_->folder.remove_leftovers();
  const auto remove = [&](Item& item, std::string why) -> Status {
    SPYRE_TRY_ASSIGN(const bool was_there, state_->folder.remove(file_name(item.key)));
    if (was_there) report.removed.emplace_back(std::move(item), std::move(why));
    return {};
  };
  std::ranges::sort(items, std::ranges::greater(), &Item::used);
  bool full = false;
  for (Item& item : items) {
    std::string why = why_removed(item, options, Clock::now());
    if (why.empty() && options.max_bytes) {
      full |= report.kept_bytes + item.bytes > *options.max_bytes;
      if (full) why = fmt::format("over {} bytes in total", *options.max_bytes);
    }
    if (!why.empty()) {
      SPYRE_TRY(remove(item, std::move(why)));
    } else {
      ++report.kept_entries;
      report.kept_bytes += item.bytes;
    }
  }
  return report;
}

}  // namespace spyre::cache
