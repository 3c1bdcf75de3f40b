#include "serve/metrics/http_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace spyre::serve::metrics {

namespace {

// Clients may send any word as method; each would be a series of its own.
std::string known_method(std::string_view method) {
  constexpr std::array<std::string_view, 7> kKnown = {"GET",    "POST",    "PUT", "PATCH",
                                                      "DELETE", "OPTIONS", "HEAD"};
  return std::ranges::find(kKnown, method) == kKnown.end() ? "other" : std::string(method);
}

}  // namespace

HttpMetrics::HttpMetrics(SeriesRegistry& registry)
    : registry_(registry),
      fine_seconds_(registry.histogram("http_request_duration_highr_seconds",
                                       "Time to answer, in fine buckets.", {},
                                       http_fine_seconds())) {}

void HttpMetrics::on_answered(const http::AccessRecord& record) {
  if (!record.counted) return;
  const Labels handler{{"handler", std::string(record.route)}};
  const Labels method = with(handler, "method", known_method(record.request.method));
  registry_
      .counter("http_requests_total", "Requests answered.",
               with(method, "status", fmt::format("{}xx", record.status / 100)))
      .Increment();
  registry_.summary("http_request_size_bytes", "Bytes of requests' bodies.", handler)
      .Observe(static_cast<double>(record.request_bytes));
  registry_.summary("http_response_size_bytes", "Bytes of answers' bodies.", handler)
      .Observe(static_cast<double>(record.response_bytes));
  registry_.histogram("http_request_duration_seconds", "Time to answer.", method, http_seconds())
      .Observe(record.seconds);
  fine_seconds_.Observe(record.seconds);
}

}  // namespace spyre::serve::metrics
