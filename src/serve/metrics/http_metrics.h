// The http_* family, as the instrumentation of FastAPI names it. Routes that are not counted leave
// no trace here.
#pragma once

#include "serve/http/server.h"
#include "serve/metrics/series.h"

namespace spyre::serve::metrics {

// Thread-safe.
class HttpMetrics {
 public:
  // registry is borrowed.
  explicit HttpMetrics(SeriesRegistry& registry);

  void on_answered(const http::AccessRecord& record);

 private:
  SeriesRegistry& registry_;
  Histogram& fine_seconds_;
};

}  // namespace spyre::serve::metrics
