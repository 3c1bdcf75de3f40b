#include "serve/metrics/series.h"

#include <prometheus/text_serializer.h>

#include <algorithm>

namespace spyre::serve::metrics {

Counter& SeriesRegistry::counter(const std::string& name, const std::string& help,
                                 const Labels& labels) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry_).Add(labels);
}

Gauge& SeriesRegistry::gauge(const std::string& name, const std::string& help,
                             const Labels& labels) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry_).Add(labels);
}

Histogram& SeriesRegistry::histogram(const std::string& name, const std::string& help,
                                     const Labels& labels, const Edges& edges) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry_).Add(labels, edges);
}

Summary& SeriesRegistry::summary(const std::string& name, const std::string& help,
                                 const Labels& labels) {
  return prometheus::BuildSummary().Name(name).Help(help).Register(registry_).Add(
      labels, Summary::Quantiles{});
}

Labels with(Labels labels, const std::string& name, const std::string& value) {
  labels[name] = value;
  return labels;
}

namespace {

// {le="1"} becomes {le="1.0"}. What stands in other labels has its quotes escaped, so it never
// looks like this.
std::string with_decimal_edges(std::string_view text) {
  constexpr std::string_view kEdge = "le=\"";
  std::string result;
  result.reserve(text.size() + text.size() / 8);
  while (true) {
    const size_t found = text.find(kEdge);
    if (found == std::string_view::npos) break;
    const bool label = found > 0 && (text[found - 1] == '{' || text[found - 1] == ',');
    const size_t begin = found + kEdge.size();
    const size_t end = std::min(text.size(), text.find_first_not_of("0123456789", begin));
    result += text.substr(0, end);
    if (label && end > begin && end < text.size() && text[end] == '"') result += ".0";
    text.remove_prefix(end);
  }
  result += text;
  return result;
}

}  // namespace

std::string exposition(std::vector<prometheus::MetricFamily> families) {
  std::ranges::sort(families, {}, &prometheus::MetricFamily::name);
  return with_decimal_edges(prometheus::TextSerializer().Serialize(families));
}

}  // namespace spyre::serve::metrics
