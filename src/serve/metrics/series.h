// The one place where series are made, over prometheus-cpp: a name, a sentence, labels. Knows
// nothing of what is counted. A series exists, and is printed, from the moment it is made.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>
#include <prometheus/registry.h>
#include <prometheus/summary.h>

#include <string>
#include <vector>

#include "serve/metrics/buckets.h"

namespace spyre::serve::metrics {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;
using prometheus::Summary;

// Thread-safe. References stay valid as long as it lives; the same name and labels give the same
// series again. Names of counters end in _total: that is how they are printed.
class SeriesRegistry {
 public:
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels);
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels);
  Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels,
                       const Edges& edges);
  // Count and sum, without quantiles.
  Summary& summary(const std::string& name, const std::string& help, const Labels& labels);

  std::vector<prometheus::MetricFamily> collect() const { return registry_.Collect(); }

 private:
  prometheus::Registry registry_;
};

// labels with one more.
Labels with(Labels labels, const std::string& name, const std::string& value);

// In Prometheus' text format 0.0.4, families by name. Edges of buckets are written as Python's
// client does ("1.0"), which queries of dashboards name.
std::string exposition(std::vector<prometheus::MetricFamily> families);

}  // namespace spyre::serve::metrics
