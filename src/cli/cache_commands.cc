// `spyre cache ls|verify|prune|export|import`: looks after the folder of compiled graphs. Exit
// status 1 when an entry is bad (verify), left out (export) or refused (import).
#include "cli/cache_report.h"
#include "cli/commands.h"
#include "cli/graph_cache.h"
#include "cli/progress_line.h"

namespace spyre::cli {

namespace {

using cache::GraphCache;
using config::Setting;

Result<GraphCache> open(const config::Settings& settings,
                        cache::IfAbsent if_absent = cache::IfAbsent::kFail) {
  const std::string folder = settings.text(Setting::kSendnnCacheDir);
  if (folder.empty()) {
    return error(Code::kInvalidArgument,
                 "wanted a folder of compiled graphs in --cache-dir or TORCH_SENDNN_CACHE_DIR, "
                 "found none");
  }
  return GraphCache::open(folder, if_absent);
}

cache::Progress shown_on(ProgressLine& line) {
  return [&line](int64_t done, int64_t total) {
    line.show(done, total);
    return !interrupted();
  };
}

void print(const config::Settings& settings, const GraphCache& cache, const CacheItems& items) {
  if (settings.flag(Setting::kCacheJson)) {
    const Json json = to_json(items, cache.path());
    fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else {
    fmt::print("{}", text(items, std::chrono::system_clock::now()));
  }
}

Result<int> ls(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(GraphCache cache, open(settings));
  SPYRE_TRY_ASSIGN(const CacheItems items, cache.list());
  print(settings, cache, items);
  return 0;
}

Result<int> verify(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(GraphCache cache, open(settings));
  ProgressLine line("reading compiled graphs");
  SPYRE_TRY_ASSIGN(const CacheItems items, cache.verify(shown_on(line)));
  line.clear();
  print(settings, cache, items);
  return bad_entries(items) == 0 ? 0 : 1;
}

Result<int> prune(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(GraphCache cache, open(settings));
  GraphCache::PruneOptions options;
  if (settings.is_set(Setting::kCacheMaxBytes)) {
    options.max_bytes = settings.integer(Setting::kCacheMaxBytes);
  }
  if (settings.is_set(Setting::kCacheOlderThan)) {
    const std::chrono::duration<double, std::ratio<86400>> days(
        settings.real(Setting::kCacheOlderThan));
    options.age = std::chrono::duration_cast<std::chrono::seconds>(days);
  }
  if (settings.flag(Setting::kCacheOthers)) options.only = this_machine();
  ProgressLine line("reading compiled graphs");
  SPYRE_TRY_ASSIGN(const auto report, cache.prune(options, shown_on(line)));
  line.clear();
  int64_t freed = 0;
  for (const auto& [item, why] : report.removed) {
    fmt::print("removed {} {}: {}\n", item.key.substr(0, 8), item.header.fields.program(), why);
    freed += item.bytes;
  }
  if (report.leftovers > 0) fmt::print("removed unfinished files: {}\n", report.leftovers);
  fmt::print("removed {}, {}; kept {}, {}\n", entries_text(std::ssize(report.removed)),
             bytes_text(freed), report.kept_entries, bytes_text(report.kept_bytes));
  return 0;
}

int tell(std::string_view done, const GraphCache::TransferReport& report) {
  for (const std::string& each : report.refused) fmt::print(stderr, "refused {}\n", each);
  fmt::print("{} {}, {}", done, entries_text(report.entries), bytes_text(report.bytes));
  if (report.present > 0) fmt::print("; there already: {}", report.present);
  if (!report.refused.empty()) fmt::print("; refused {}", report.refused.size());
  fmt::print("\n");
  return report.refused.empty() ? 0 : 1;
}

Result<int> export_all(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(GraphCache cache, open(settings));
  ProgressLine line("exporting compiled graphs");
  SPYRE_TRY_ASSIGN(const auto report,
                   cache.export_to(settings.text(Setting::kCacheFile), shown_on(line)));
  line.clear();
  return tell("exported", report);
}

Result<int> import_all(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(GraphCache cache, open(settings, cache::IfAbsent::kMake));
  ProgressLine line("importing compiled graphs");
  SPYRE_TRY_ASSIGN(const auto report,
                   cache.import_from(settings.text(Setting::kCacheFile), shown_on(line)));
  line.clear();
  return tell("imported", report);
}

int status_of(const Result<int>& status) { return status ? *status : fail(status.error()); }

}  // namespace

int run_cache_ls(const config::Settings& settings) { return status_of(ls(settings)); }
int run_cache_verify(const config::Settings& settings) { return status_of(verify(settings)); }
int run_cache_prune(const config::Settings& settings) { return status_of(prune(settings)); }
int run_cache_export(const config::Settings& settings) { return status_of(export_all(settings)); }
int run_cache_import(const config::Settings& settings) { return status_of(import_all(settings)); }

}  // namespace spyre::cli
