#include "loadtest/report.h"

#include <algorithm>

namespace spyre::loadtest {

namespace {

std::string row(std::string_view label, double value) {
  return fmt::format("{:<40} {:<10.2f}\n", label, value);
}
std::string row(std::string_view label, int64_t value) {
  return fmt::format("{:<40} {:<10}\n", label, value);
}

std::string upper(std::string_view word) {
  std::string text(word);
  for (char& letter : text) letter = static_cast<char>(std::toupper(letter));
  return text;
}

std::string_view title(Measure measure) {
  switch (measure) {
    case Measure::kTtft:
      return "Time to First Token";
    case Measure::kTpot:
      return "Time per Output Token (excl. 1st token)";
    case Measure::kItl:
      return "Inter-token Latency";
    case Measure::kE2el:
      return "End-to-end Latency";
  }
  return "";
}

void add_details(Json& json, const LoadResult& result, bool generates) {
  for (const char* key : {"input_lens", "errors", "start_times", "queue_times", "latencies"}) {
    json[key] = Json::array();
  }
  if (generates) {
    for (const char* key : {"output_lens", "ttfts", "itls", "generated_texts"}) {
      json[key] = Json::array();
    }
  }
  for (const Outcome& each : result.outcomes) {
    json["input_lens"].push_back(each.input_tokens);
    if (generates) {
      json["output_lens"].push_back(each.output_tokens);
      json["ttfts"].push_back(each.first_token);
      json["itls"].push_back(each.gaps);
      json["generated_texts"].push_back(each.text);
    }
    json["errors"].push_back(each.error);
    json["start_times"].push_back(each.start);
    json["queue_times"].push_back(each.queued);
    json["latencies"].push_back(each.latency);
  }
}

}  // namespace

std::string report(const RunFacts& facts, const Summary& summary,
                   const std::vector<Measure>& measures) {
  std::string text = fmt::format("{:=^50}\n", " Serving Benchmark Result ");
  text += row("Successful requests:", summary.completed);
  text += row("Failed requests:", summary.failed);
  if (facts.max_concurrency) text += row("Maximum request concurrency:", *facts.max_concurrency);
  if (facts.request_rate) text += row("Request rate configured (RPS):", *facts.request_rate);
  text += row("Benchmark duration (s):", summary.seconds);
  text += row("Total input tokens:", summary.input_tokens);
  if (facts.generates) text += row("Total generated tokens:", summary.output_tokens);
  text += row("Request throughput (req/s):", summary.request_throughput);
  if (summary.request_goodput) text += row("Request goodput (req/s):", *summary.request_goodput);
  if (facts.generates) {
    text += row("Output token throughput (tok/s):", summary.output_throughput);
    text += row("Peak output token throughput (tok/s):", summary.peak_output_tokens_per_second);
  }
  text += row("Peak concurrent requests:", summary.peak_concurrency);
  text += row("Total token throughput (tok/s):", summary.total_throughput);
  for (const Measure measure : measures) {
    const Distribution& values = summary.measures.at(measure);
    const std::string unit = upper(name(measure)) + " (ms):";
    text += fmt::format("{:-^50}\n", title(measure));
    text += row("Mean " + unit, values.mean);
    text += row("Median " + unit, values.median);
    for (size_t i = 0; i < summary.percents.size(); ++i) {
      text += row(fmt::format("P{} {}", percent_name(summary.percents[i]), unit),
                  values.percentiles[i]);
    }
  }
  return text + std::string(50, '=') + "\n";
}

Json result_json(const RunFacts& facts, const Summary& summary, const LoadResult& result,
                 bool detailed) {
  Json json = {
      {"date", facts.date},
      {"endpoint_type", facts.backend},
      {"backend", facts.backend},
      {"label", facts.label.empty() ? Json() : Json(facts.label)},
      {"model_id", facts.model},
      {"tokenizer_id", facts.tokenizer.empty() ? facts.model : facts.tokenizer},
      {"num_prompts", facts.num_prompts},
      {"request_rate", facts.request_rate ? Json(*facts.request_rate) : Json("inf")},
      {"burstiness", facts.burstiness},
      {"max_concurrency", facts.max_concurrency ? Json(*facts.max_concurrency) : Json()},
      {"duration", summary.seconds},
      {"completed", summary.completed},
      {"failed", summary.failed},
      {"total_input_tokens", summary.input_tokens},
      {"request_throughput", summary.request_throughput},
      {"request_goodput", summary.request_goodput ? Json(*summary.request_goodput) : Json()},
      {"total_token_throughput", summary.total_throughput},
      {"max_concurrent_requests", summary.peak_concurrency}};
  if (facts.generates) {
    json["total_output_tokens"] = summary.output_tokens;
    json["output_throughput"] = summary.output_throughput;
    json["max_output_tokens_per_s"] = summary.peak_output_tokens_per_second;
  }
  for (const auto& [measure, values] : summary.measures) {
    if (!facts.generates && measure != Measure::kE2el) continue;
    const std::string unit = fmt::format("{}_ms", name(measure));
    json["mean_" + unit] = values.mean;
    json["median_" + unit] = values.median;
    json["std_" + unit] = values.deviation;
    for (size_t i = 0; i < summary.percents.size(); ++i) {
      json[fmt::format("p{}_{}", percent_name(summary.percents[i]), unit)] = values.percentiles[i];
    }
  }
  for (const auto& [key, value] : facts.metadata) json[key] = value;
  if (detailed) add_details(json, result, facts.generates);
  return json;
}

std::string result_file_name(const RunFacts& facts) {
  const std::string rate = facts.request_rate ? fmt::format("{:g}", *facts.request_rate) : "inf";
  const std::string concurrency =
      facts.max_concurrency ? fmt::format("-concurrency{}", *facts.max_concurrency) : "";
  const size_t slash = facts.model.rfind('/');
  std::string model = slash == std::string::npos ? facts.model : facts.model.substr(slash + 1);
  std::string name =
      fmt::format("{}-{}qps{}-{}-{}.json", facts.label.empty() ? facts.backend : facts.label, rate,
                  concurrency, model, facts.date);
  std::ranges::replace(name, '/', '_');
  return name;
}

}  // namespace spyre::loadtest
