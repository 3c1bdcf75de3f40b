// What the operating system knows of this process, and the process_* family of Prometheus' clients
// made from it, read anew for every scrape.
#pragma once

#include <prometheus/metric_family.h>

#include <cstdint>
#include <string_view>
#include <vector>

namespace spyre::serve::metrics {

struct ProcessUsage {
  int64_t resident_bytes = 0;
  int64_t virtual_bytes = 0;
  double cpu_seconds = 0;
  double start_seconds = 0;  // Unix time
  int64_t open_files = 0;
  int64_t most_files = 0;
};

// Of this process; what cannot be read stays 0.
ProcessUsage process_usage();

// Unix time at which a process began: its line of /proc/PID/stat and the text of /proc/stat; 0 when
// they say nothing of it.
double start_seconds(std::string_view process_stat, std::string_view machine_stat,
                     int64_t ticks_per_second);

std::vector<prometheus::MetricFamily> process_families(const ProcessUsage& usage);

}  // namespace spyre::serve::metrics
