// Entries of the graph cache as a table for people and as JSON for scripts.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cache/graph_cache.h"

namespace spyre::cli {

using CacheItems = std::vector<cache::GraphCache::Item>;

// "12.3 MB": powers of 1000.
std::string bytes_text(int64_t bytes);

// "1 entry", "2 entries".
std::string entries_text(int64_t count);

// A line per entry, last used first, with its other fields beside the program; then the totals.
std::string text(const CacheItems& items, std::chrono::system_clock::time_point now);

// {"folder", "bytes", "bad", "entries": [{"key", "bytes", "used" (seconds since 1970), "fields",
// "about", "problem" (null when there is none)}]}, in the same order.
Json to_json(const CacheItems& items, const std::filesystem::path& folder);

int64_t bad_entries(const CacheItems& items);

}  // namespace spyre::cli
