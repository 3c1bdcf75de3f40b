#include "cli/compile_report.h"

#include <algorithm>
#include <cmath>

#include "cli/cache_report.h"

namespace spyre::cli {

namespace {

using backend::CodeSource;
using backend::RegionReport;

size_t code_bytes(const backend::ProgramReport& report) {
  size_t bytes = 0;
  for (const RegionReport& each : report.regions) bytes += each.code_bytes;
  return bytes;
}

std::string origin_text(const backend::CodeOrigin& origin) {
  switch (origin.source) {
    case CodeSource::kCache:
      return fmt::format("cache hit, {:.1f} ms", 1e3 * origin.seconds);
    case CodeSource::kCompiled:
      return fmt::format("compiled in {:.2f} s (cache miss: {})", origin.seconds, origin.reason);
    case CodeSource::kAheadOfTime:
      break;
  }
  return "not compiled, runs over ahead-of-time kernels";
}

bool is_timed(const RegionReport& region) {
  return region.seconds && std::isfinite(*region.seconds);
}

// 8192 as "8K", which is how many of these numbers look best.
std::string kilo(int64_t bytes) {
  return bytes % 1024 == 0 && bytes > 0 ? fmt::format("{}K", bytes / 1024) : std::to_string(bytes);
}

std::string region_text(const RegionReport& region) {
  const auto& tuning = region.tuning;
  return fmt::format(
      "  {:>5} {:<7} {:>6} {:<12} {:>8} {:>6} {:>6} {:>9} {:>9}  {}\n", region.times, region.work,
      region.units, region.formats, tuning ? kilo(tuning->prefetch_bytes) : "-",
      tuning ? kilo(tuning->chunk_bytes) : "-", tuning ? kilo(tuning->pass_bytes) : "-",
      region.code_bytes > 0 ? std::to_string(region.code_bytes) : "-",
      is_timed(region) ? fmt::format("{:.1f}", 1e6 * *region.seconds) : "-", region.pieces);
}

Json to_json(const RegionReport& region) {
  Json json = {{"times", region.times},     {"work", region.work},
               {"units", region.units},     {"formats", region.formats},
               {"pieces", region.pieces},   {"code_bytes", region.code_bytes},
               {"prefetch_bytes", nullptr}, {"chunk_bytes", nullptr},
               {"pass_bytes", nullptr},     {"ns", nullptr}};
  if (region.tuning) {
    json["prefetch_bytes"] = region.tuning->prefetch_bytes;
    json["chunk_bytes"] = region.tuning->chunk_bytes;
    json["pass_bytes"] = region.tuning->pass_bytes;
  }
  if (is_timed(region)) json["ns"] = std::llround(1e9 * *region.seconds);
  return json;
}

}  // namespace

std::string text(const ProgramOverviews& programs, bool regions) {
  std::string text;
  for (const auto& [name, capacity, report] : programs) {
    text += fmt::format("{}: {}, {} of code, {} of values\n", name, origin_text(report.origin),
                        bytes_text(static_cast<int64_t>(code_bytes(report))),
                        bytes_text(static_cast<int64_t>(report.arena_bytes)));
    if (!regions) continue;
    text += fmt::format("  {:>5} {:<7} {:>6} {:<12} {:>8} {:>6} {:>6} {:>9} {:>9}  {}\n", "times",
                        "work", "units", "formats", "prefetch", "chunk", "pass", "code", "us",
                        "pieces");
    for (const RegionReport& each : report.regions) text += region_text(each);
  }
  return text;
}

Json to_json(const ProgramOverviews& programs) {
  Json graphs = Json::array();
  for (const auto& [name, capacity, report] : programs) {
    Json regions = Json::array();
    for (const RegionReport& each : report.regions) regions.push_back(to_json(each));
    graphs.push_back({{"graph", name},
                      {"rows", capacity.rows},
                      {"sequences", capacity.sequences},
                      {"output_rows", capacity.output_rows},
                      {"source", backend::name(report.origin.source)},
                      {"reason", report.origin.reason},
                      {"seconds", report.origin.seconds},
                      {"code_bytes", code_bytes(report)},
                      {"arena_bytes", report.arena_bytes},
                      {"regions", regions}});
  }
  return {{"graphs", graphs}};
}

}  // namespace spyre::cli
