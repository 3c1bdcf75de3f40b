#include "serve/metrics/server_metrics.h"

#include <algorithm>
#include <iterator>

#include "serve/metrics/process_metrics.h"

namespace spyre::serve::metrics {

ServerMetrics::ServerMetrics(const std::string& model_name)
    : engine_(registry_, model_name), shapes_(registry_, engine_.labels()), http_(registry_) {}

void ServerMetrics::on_step(const engine::StepReport& report) {
  engine_.on_step(report);
  shapes_.on_step(report);
}

std::string ServerMetrics::text() const {
  std::vector<prometheus::MetricFamily> families = registry_.collect();
  std::ranges::move(process_families(process_usage()), std::back_inserter(families));
  return exposition(std::move(families));
}

}  // namespace spyre::serve::metrics
