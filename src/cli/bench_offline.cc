// `spyre bench latency` and `spyre bench throughput`: the engine measured without a server, on
// random tokens whose answers do not end early. Labels and JSON keys are vLLM's.
#include <chrono>
#include <random>

#include "cli/commands.h"
#include "cli/loaded_model.h"
#include "cli/offline_generator.h"
#include "cli/progress_line.h"
#include "cli/write_file.h"
#include "loadtest/statistics.h"

namespace spyre::cli {

namespace {

using config::Setting;
using Clock = std::chrono::steady_clock;

constexpr double kPercents[] = {10, 25, 50, 75, 90, 99};

struct Work {
  int64_t requests = 0;
  int64_t input_tokens = 0;   // of each
  int64_t output_tokens = 0;  // of each
  uint64_t seed = 0;
};

// What came back.
class Totals final : public engine::Listener {
 public:
  explicit Totals(std::function<void(int64_t)> on_done) : on_done_(std::move(on_done)) {}

  void on_delta(engine::RequestId, const engine::Delta&) override {}
  void on_finished(engine::RequestId, engine::RequestOutput output) override {
    if (output.error && !failure_) failure_ = std::move(output.error);
    for (const engine::Completion& each : output.completions) {
      output_tokens_ += static_cast<int64_t>(each.token_ids.size());
    }
    on_done_(++done_);
  }

  const std::optional<Error>& failure() const { return failure_; }
  int64_t output_tokens() const { return output_tokens_; }

 private:
  std::function<void(int64_t)> on_done_;
  std::optional<Error> failure_;
  int64_t output_tokens_ = 0;
  int64_t done_ = 0;
};

engine::Request random_request(const Work& work, int64_t vocabulary, std::mt19937_64& random) {
  std::uniform_int_distribution<int32_t> token(0, static_cast<int32_t>(vocabulary - 1));
  engine::Request request;
  for (int64_t i = 0; i < work.input_tokens; ++i) request.prompt.push_back(token(random));
  request.params.temperature = 0;
  request.params.max_tokens = work.output_tokens;
  request.params.ignore_eos = true;
  return request;
}

struct Measured {
  double seconds = 0;
  int64_t output_tokens = 0;
};

// All requests at once, to their end.
Result<Measured> run(const Work& work, engine::Generator& generator, int64_t vocabulary,
                     std::function<void(int64_t)> on_done) {
  std::mt19937_64 random(work.seed);
  Totals totals(std::move(on_done));
  std::vector<engine::Request> requests;
  requests.reserve(static_cast<size_t>(work.requests));
  for (int64_t i = 0; i < work.requests; ++i) {
    requests.push_back(random_request(work, vocabulary, random));
  }
  const Clock::time_point start = Clock::now();
  for (size_t id = 0; id < requests.size(); ++id) {
    SPYRE_TRY(generator.submit(id, std::move(requests[id])));
  }
  SPYRE_TRY(run_to_end(generator, totals));
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  if (totals.failure()) return std::unexpected(*totals.failure());
  return Measured{.seconds = seconds, .output_tokens = totals.output_tokens()};
}

Work work(const config::Settings& settings, int64_t requests) {
  return {.requests = requests,
          .input_tokens = settings.integer(Setting::kInputLen),
          .output_tokens = settings.integer(Setting::kOutputLen),
          .seed = static_cast<uint64_t>(settings.integer(Setting::kSeed))};
}

Status check_length(const Work& work, const LoadedModel& model) {
  const int64_t most = model.runner->max_model_len();
  if (work.input_tokens + work.output_tokens <= most) return {};
  return error(Code::kInvalidArgument,
               "--input-len {} and --output-len {} are longer together than --max-model-len {}",
               work.input_tokens, work.output_tokens, most);
}

Status save(const config::Settings& settings, const Json& result) {
  if (!settings.is_set(Setting::kOutputJson)) return {};
  return write_file(settings.text(Setting::kOutputJson), result.dump(4) + "\n", "--output-json");
}

Result<int> bench_latency(const config::Settings& settings) {
  const int64_t batch = settings.integer(Setting::kBatchSize);
  const Work each = work(settings, batch);
  SPYRE_TRY_ASSIGN(const LoadedModel model, LoadedModel::load(settings, batch, RunLength::kLong));
  SPYRE_TRY(check_length(each, model));
  SPYRE_TRY_ASSIGN(const auto generator, offline_generator(settings, model, batch));
  const int64_t vocabulary = model.checkpoint->config().vocab_size;
  const int64_t warmups = settings.integer(Setting::kNumItersWarmup);
  const int64_t iterations = settings.integer(Setting::kNumIters);
  const bool quiet = settings.flag(Setting::kDisableTqdm);
  std::vector<double> latencies;
  {
    ProgressLine line("runs");
    for (int64_t i = 0; i < warmups + iterations && !interrupted(); ++i) {
      SPYRE_TRY_ASSIGN(const Measured measured, run(each, *generator, vocabulary, [](int64_t) {}));
      if (i >= warmups && !interrupted()) latencies.push_back(measured.seconds);
      if (!quiet) line.show(i + 1, warmups + iterations);
    }
  }
  // Zeros would look like a result.
  if (latencies.empty()) return error(Code::kCancelled, "stopped before a run was measured");
  const auto values = loadtest::distribution(latencies, kPercents);
  fmt::print("Avg latency: {} seconds\n", values.mean);
  Json percentiles = Json::object();
  for (size_t i = 0; i < std::size(kPercents); ++i) {
    const std::string name = loadtest::percent_name(kPercents[i]);
    fmt::print("{}% percentile latency: {} seconds\n", name, values.percentiles[i]);
    percentiles[name] = values.percentiles[i];
  }
  SPYRE_TRY(
      save(settings,
           {{"avg_latency", values.mean}, {"latencies", latencies}, {"percentiles", percentiles}}));
  return interrupted() ? kInterruptedExit : 0;
}

Result<int> bench_throughput(const config::Settings& settings) {
  const int64_t requests = settings.integer(Setting::kNumPrompts);
  const int64_t sequences = std::min(requests, settings.integer(Setting::kMaxNumSeqs));
  const Work all = work(settings, requests);
  SPYRE_TRY_ASSIGN(const LoadedModel model,
                   LoadedModel::load(settings, sequences, RunLength::kLong));
  SPYRE_TRY(check_length(all, model));
  SPYRE_TRY_ASSIGN(const auto generator, offline_generator(settings, model, sequences));
  const bool quiet = settings.flag(Setting::kDisableTqdm);
  Measured measured;
  {
    ProgressLine line("requests");
    const auto show = [&](int64_t done) {
      if (!quiet) line.show(done, requests);
    };
    SPYRE_TRY_ASSIGN(measured, run(all, *generator, model.checkpoint->config().vocab_size, show));
  }
  if (interrupted()) return kInterruptedExit;
  const int64_t prompt_tokens = all.input_tokens * requests;
  const int64_t total_tokens = prompt_tokens + measured.output_tokens;
  const auto rate = [&](int64_t count) { return static_cast<double>(count) / measured.seconds; };
  fmt::print("Throughput: {:.2f} requests/s, {:.2f} total tokens/s, {:.2f} output tokens/s\n",
             rate(requests), rate(total_tokens), rate(measured.output_tokens));
  fmt::print("Total num prompt tokens:  {}\nTotal num output tokens:  {}\n", prompt_tokens,
             measured.output_tokens);
  SPYRE_TRY(save(settings, {{"elapsed_time", measured.seconds},
                            {"num_requests", requests},
                            {"total_num_tokens", total_tokens},
                            {"requests_per_second", rate(requests)},
                            {"tokens_per_second", rate(total_tokens)}}));
  return 0;
}

}  // namespace

int run_bench_latency(const config::Settings& settings) {
  const Result<int> status = bench_latency(settings);
  return status ? *status : fail(status.error());
}

int run_bench_throughput(const config::Settings& settings) {
  const Result<int> status = bench_throughput(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
