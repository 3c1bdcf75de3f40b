// `spyre bench serve`: load on a running server, ours or another that speaks the OpenAI API, with
// the options, the report and the JSON result of `vllm bench serve`.
#include <ctime>
#include <filesystem>
#include <limits>
#include <set>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/progress_line.h"
#include "cli/read_file.h"
#include "cli/server_address.h"
#include "cli/write_file.h"
#include "loadtest/report.h"

namespace spyre::cli {

namespace {

using config::Setting;
using loadtest::Api;

constexpr size_t kShownErrors = 5;

// NAME=VALUE, one a word.
Result<std::vector<std::pair<std::string, std::string>>> pairs(const config::Settings& settings,
                                                               Setting setting) {
  std::vector<std::pair<std::string, std::string>> found;
  for (const std::string& word : settings.texts(setting)) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos || equals == 0 ||
        word.find_first_of("\r\n") != std::string::npos) {
      return error(Code::kInvalidArgument, "{}: wanted NAME=VALUE, found '{}'",
                   settings.label(setting), word);
    }
    found.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return found;
}

std::string base_url(const config::Settings& settings) {
  if (settings.is_set(Setting::kBaseUrl)) return settings.text(Setting::kBaseUrl);
  std::string host = settings.is_set(Setting::kHost) ? settings.text(Setting::kHost) : "127.0.0.1";
  if (host.contains(':') && !host.starts_with('[')) host = "[" + host + "]";
  return fmt::format("http://{}:{}", host, settings.integer(Setting::kPort));
}

Api api(const config::Settings& settings) {
  const std::string backend = settings.text(Setting::kBenchBackend);
  if (backend == "openai-chat") return Api::kChat;
  if (backend == "openai-embeddings") return Api::kEmbeddings;
  if (backend == "vllm-rerank") return Api::kRerank;
  if (backend == "vllm-pooling") return Api::kPooling;
  return Api::kCompletions;
}

Result<loadtest::Target> target(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(loadtest::Target target, server_target(settings, base_url(settings)));
  target.endpoint = loadtest::usual_endpoint(api(settings));
  if (settings.is_set(Setting::kEndpoint)) target.endpoint = settings.text(Setting::kEndpoint);
  if (!target.endpoint.starts_with('/')) target.endpoint.insert(0, "/");
  SPYRE_TRY_ASSIGN(const auto headers, pairs(settings, Setting::kHeader));
  target.headers.insert(target.headers.begin(), headers.begin(), headers.end());
  return target;
}

// MODEL, or the first that the server names.
Result<std::string> model_name(const config::Settings& settings, const loadtest::Target& target) {
  if (settings.is_set(Setting::kModel)) return settings.text(Setting::kModel);
  return first_served_model(target);
}

// Token ids that the server's model surely has: those of a text. An error: it did not say them.
Result<std::vector<int32_t>> known_tokens(const loadtest::Target& target,
                                          const std::string& model) {
  const Json request = {
      {"model", model}, {"prompt", loadtest::sample_text()}, {"add_special_tokens", false}};
  SPYRE_TRY_ASSIGN(const std::string body, loadtest::ask_once(target, "/tokenize", request.dump()));
  SPYRE_TRY_ASSIGN(const Json answer, parse_json(body, "/tokenize"));
  std::vector<int32_t> tokens;
  if (answer.is_object() && answer.contains("tokens")) {
    for (const Json& each : answer["tokens"]) {
      if (each.is_number_integer()) tokens.push_back(each.get<int32_t>());
    }
  }
  if (tokens.empty()) return error(Code::kNotFound, "/tokenize: the answer has no tokens");
  return tokens;
}

Result<std::vector<loadtest::Prompt>> custom_prompts(const config::Settings& settings) {
  if (!settings.is_set(Setting::kDatasetPath)) {
    return error(Code::kInvalidArgument,
                 "--dataset-name custom: wanted a file of JSON lines; give --dataset-path");
  }
  const std::string path = settings.text(Setting::kDatasetPath);
  const auto in_file = [&path](const Error& found) {
    return error(found.code, "--dataset-path {}: {}", path, found.message);
  };
  SPYRE_TRY_ASSIGN(const std::string lines, read_file(path));
  // Without answers there is no number to ask the lines for.
  const int64_t fewest = loadtest::generates(api(settings)) ? 0 : 1;
  const int64_t output_tokens = std::max(settings.integer(Setting::kCustomOutputLen), fewest);
  auto custom =
      loadtest::custom_prompts(lines, settings.integer(Setting::kNumPrompts), output_tokens);
  if (!custom) return in_file(custom.error());
  for (const loadtest::Prompt& each : *custom) {
    const Status sound = loadtest::check_content(api(settings), each.content);
    if (!sound) return in_file(sound.error());
  }
  return custom;
}

Result<std::vector<loadtest::Prompt>> prompts(const config::Settings& settings,
                                              const loadtest::Target& target,
                                              const std::string& model) {
  if (settings.text(Setting::kDatasetName) == "custom") return custom_prompts(settings);
  const loadtest::RandomPrompts random{
      .count = settings.integer(Setting::kNumPrompts),
      .prompt_tokens = settings.integer(Setting::kRandomInputLen),
      .output_tokens = settings.integer(Setting::kRandomOutputLen),
      .range_ratio = settings.real(Setting::kRandomRangeRatio),
      .seed = static_cast<uint64_t>(settings.integer(Setting::kSeed))};
  if (api(settings) == Api::kChat) return loadtest::random_word_prompts(random);
  if (api(settings) == Api::kRerank) return loadtest::random_rerank_prompts(random);
  const auto tokens = known_tokens(target, model);
  if (tokens) return loadtest::random_token_prompts(random, *tokens);
  log::warn("bench: prompts are so many words, not tokens: {}", tokens.error().message);
  return loadtest::random_word_prompts(random);
}

Result<loadtest::LoadOptions> load_options(const config::Settings& settings) {
  loadtest::LoadOptions options;
  SPYRE_TRY_ASSIGN(options.target, target(settings));
  options.fields = {.api = api(settings),
                    .model = "",
                    .temperature = settings.is_set(Setting::kTemperature)
                                       ? settings.real(Setting::kTemperature)
                                       : 0,
                    .ignore_eos = settings.flag(Setting::kIgnoreEos)};
  if (settings.is_set(Setting::kExtraBody)) {
    SPYRE_TRY_ASSIGN(options.fields.more,
                     parse_json(settings.text(Setting::kExtraBody), "--extra-body"));
  }
  const double rate = settings.real(Setting::kRequestRate);
  if (rate < std::numeric_limits<double>::infinity()) options.arrivals.requests_per_second = rate;
  options.arrivals.burstiness = settings.real(Setting::kBurstiness);
  options.arrivals.seed = static_cast<uint64_t>(settings.integer(Setting::kSeed));
  if (settings.is_set(Setting::kMaxConcurrency)) {
    options.max_concurrency = settings.integer(Setting::kMaxConcurrency);
  }
  return options;
}

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  return fmt::format("{:04}{:02}{:02}-{:02}{:02}{:02}", local.tm_year + 1900, local.tm_mon + 1,
                     local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec);
}

Result<loadtest::RunFacts> run_facts(const config::Settings& settings,
                                     const loadtest::LoadOptions& options) {
  loadtest::RunFacts facts{.date = date(),
                           .backend = settings.text(Setting::kBenchBackend),
                           .generates = loadtest::generates(options.fields.api),
                           .label = settings.text(Setting::kLabel),
                           .model = options.fields.model,
                           .tokenizer = settings.text(Setting::kTokenizer),
                           .num_prompts = settings.integer(Setting::kNumPrompts),
                           .request_rate = options.arrivals.requests_per_second,
                           .burstiness = options.arrivals.burstiness,
                           .max_concurrency = options.max_concurrency};
  SPYRE_TRY_ASSIGN(facts.metadata, pairs(settings, Setting::kMetadata));
  return facts;
}

// Waits for the server, and sees whether it answers such requests at all.
Status check_ready(const config::Settings& settings, const loadtest::Target& target) {
  const int64_t seconds = settings.integer(Setting::kReadyCheckTimeout);
  if (seconds == 0) return {};
  return loadtest::wait_until_ready(target, "/health", static_cast<double>(seconds), interrupted);
}

Status try_one(const config::Settings& settings, const loadtest::LoadOptions& options,
               const loadtest::Prompt& prompt) {
  if (settings.integer(Setting::kReadyCheckTimeout) == 0) return {};
  loadtest::LoadOptions one = options;
  one.arrivals = {};
  SPYRE_TRY_ASSIGN(const auto result,
                   loadtest::run_load(one, {prompt}, [](int64_t) {}, interrupted));
  if (result.outcomes.empty() || result.outcomes[0].ok) return {};
  return error(Code::kUnavailable, "bench: the first request failed: {}", result.outcomes[0].error);
}

Status warm_up(const config::Settings& settings, const loadtest::LoadOptions& options,
               const std::vector<loadtest::Prompt>& prompts) {
  const int64_t count = settings.integer(Setting::kNumWarmups);
  if (count == 0) return {};
  loadtest::LoadOptions all_at_once = options;
  all_at_once.arrivals = {};
  std::vector<loadtest::Prompt> some;
  some.reserve(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    some.push_back(prompts[static_cast<size_t>(i) % prompts.size()]);
  }
  SPYRE_TRY(loadtest::run_load(all_at_once, some, [](int64_t) {}, interrupted));
  return {};
}

Result<loadtest::LoadResult> measure(const config::Settings& settings,
                                     const loadtest::LoadOptions& options,
                                     const std::vector<loadtest::Prompt>& prompts) {
  ProgressLine line("requests");
  const bool quiet = settings.flag(Setting::kDisableTqdm);
  const auto total = static_cast<int64_t>(prompts.size());
  const auto show = [&](int64_t done) {
    if (!quiet) line.show(done, total);
  };
  return loadtest::run_load(options, prompts, show, interrupted);
}

void print_errors(const loadtest::LoadResult& result) {
  std::set<std::string> shown;
  for (const loadtest::Outcome& each : result.outcomes) {
    if (each.ok || shown.size() == kShownErrors || !shown.insert(each.error).second) continue;
    log::warn("bench: a request failed: {}", each.error);
  }
}

Status save(const config::Settings& settings, const loadtest::RunFacts& facts, const Json& result) {
  std::filesystem::path path = settings.is_set(Setting::kResultFilename)
                                   ? settings.text(Setting::kResultFilename)
                                   : loadtest::result_file_name(facts);
  if (settings.is_set(Setting::kResultDir)) path = settings.text(Setting::kResultDir) / path;
  return write_file(path, result.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n",
                    "--result-dir, --result-filename");
}

// What the report shows; of answers that come whole there is only their time.
Result<std::vector<loadtest::Measure>> measures(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(auto asked,
                   loadtest::parse_measures(settings.text(Setting::kPercentileMetrics)));
  if (loadtest::generates(api(settings))) return asked;
  return std::vector{loadtest::Measure::kE2el};
}

Result<int> bench_serve(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const auto shown, measures(settings));
  SPYRE_TRY_ASSIGN(const auto percents,
                   loadtest::parse_percents(settings.text(Setting::kMetricPercentiles)));
  SPYRE_TRY_ASSIGN(const auto goodput, loadtest::parse_goodput(settings.texts(Setting::kGoodput)));
  SPYRE_TRY_ASSIGN(loadtest::LoadOptions options, load_options(settings));
  SPYRE_TRY(check_ready(settings, options.target));
  SPYRE_TRY_ASSIGN(options.fields.model, model_name(settings, options.target));
  SPYRE_TRY_ASSIGN(const loadtest::RunFacts facts, run_facts(settings, options));
  SPYRE_TRY_ASSIGN(const auto all, prompts(settings, options.target, options.fields.model));
  SPYRE_TRY(try_one(settings, options, all.front()));
  SPYRE_TRY(warm_up(settings, options, all));
  SPYRE_TRY_ASSIGN(const loadtest::LoadResult result, measure(settings, options, all));
  const loadtest::Summary summary = loadtest::summarize(result, percents, goodput);
  print_errors(result);
  fmt::print("{}", loadtest::report(facts, summary, shown));
  if (settings.flag(Setting::kSaveResult)) {
    const bool detailed = settings.flag(Setting::kSaveDetailed);
    SPYRE_TRY(save(settings, facts, loadtest::result_json(facts, summary, result, detailed)));
  }
  if (interrupted()) return kInterruptedExit;
  return summary.completed > 0 ? 0 : 1;
}

}  // namespace

int run_bench_serve(const config::Settings& settings) {
  const Result<int> status = bench_serve(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
