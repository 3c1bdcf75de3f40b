// `spyre serve`: listens at once, then plans memory, loads, warms up and serves until a signal or
// the engine's end. This thread does the work of starting; then it waits.
#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <optional>
#include <thread>

#include "base/log.h"
#include "cli/batching.h"
#include "cli/codegen.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/known_configuration.h"
#include "cli/loaded_model.h"
#include "cli/pooling_service.h"
#include "cli/precompiled_only.h"
#include "cli/progress_line.h"
#include "cli/request_fields.h"
#include "cli/server_options.h"
#include "cli/serving_plan.h"
#include "cli/serving_telemetry.h"
#include "cli/speculation.h"
#include "cli/worker.h"
#include "engine/async_engine.h"
#include "engine/warmup.h"
#include "serve/openai/routes.h"
#include "serve/probes.h"

namespace spyre::cli {

namespace {

using config::Setting;
using serve::Phase;
using std::chrono::milliseconds;

// How soon a signal or a dead engine is noticed.
constexpr milliseconds kWatchInterval{20};
// What answers that are complete may take to reach slow clients once the engine has stopped.
constexpr milliseconds kLastAnswers{2'000};

// Everything that serves, in the order in which it must end: last made, first gone.
class Serving {
 public:
  explicit Serving(const config::Settings& settings) : settings_(settings) {}

  // Errors end the process; the message is for standard error.
  Result<int> run() {
    SPYRE_TRY_ASSIGN(precompiled_, forbid_compilation(settings_));  // before there are threads
    SPYRE_TRY_ASSIGN(telemetry_,
                     serve::metrics::Telemetry::create(lifecycle_, telemetry_options(settings_)));
    const bool listen_at_once = !settings_.flag(Setting::kListenWhenReady);
    if (listen_at_once) SPYRE_TRY(listen());
    const Status started = start_engine();
    if (!started) {
      lifecycle_.die(started.error().message);
      if (server_) server_->stop(milliseconds(0));
      return std::unexpected(started.error());
    }
    lifecycle_.enter(Phase::kReady);
    if (!listen_at_once) SPYRE_TRY(listen());
    log::info("ready");
    wait();
    return end();
  }

 private:
  Status listen();
  std::vector<serve::http::Route> routes();
  Status start_engine();
  void warn_of_old_engine(const OpenModel& open) const;
  Status load(OpenModel open);
  Status warm_up(const plan::ServingPlan& plan, std::vector<int32_t> excluded_tokens);
  Status start_service(const plan::ServingPlan& plan, SamplingRequest defaults);
  void watch() const;
  void wait() const;
  Result<int> end();

  config::Settings settings_;  // a known configuration adds to it once the model is open
  std::optional<plan::PrecompiledCatalog> precompiled_;  // none: compiling is allowed
  serve::Lifecycle lifecycle_;
  std::atomic<int64_t> in_flight_ = 0;
  std::unique_ptr<serve::metrics::Telemetry> telemetry_;
  std::optional<engine::Speculation> speculation_;
  std::optional<LoadedModel> model_;
  std::unique_ptr<engine::AsyncEngine> engine_;
  std::unique_ptr<engine::AsyncEngine> counting_engine_;  // what requests go through
  std::optional<text::GrammarCompiler> grammars_;
  std::optional<serve::openai::Service> service_;
  std::atomic<const serve::openai::Service*> ready_service_ = nullptr;
  std::atomic<bool> engine_died_ = false;
  Worker worker_;
  std::unique_ptr<serve::http::Server> server_;
};

std::vector<serve::http::Route> Serving::routes() {
  std::vector<serve::http::Route> routes = serve::openai::make_routes(
      {.lifecycle = lifecycle_,
       .service = [this] { return ready_service_.load(); },
       .executor = [this](std::function<void()> task) { worker_.run(std::move(task)); },
       .in_flight = in_flight_,
       .version = SPYRE_VERSION,
       .documents = !settings_.flag(Setting::kDisableFastapiDocs),
       .tokenizer_info = settings_.flag(Setting::kEnableTokenizerInfoEndpoint)});
  std::ranges::move(
      serve::probe_routes(lifecycle_, in_flight_,
                          settings_.flag(Setting::kEnableServerLoadTracking), SPYRE_VERSION),
      std::back_inserter(routes));
  std::ranges::move(telemetry_->routes(), std::back_inserter(routes));
  apply_key_scope(settings_, routes);
  return routes;
}

Status Serving::listen() {
  serve::http::ServerOptions options = server_options(settings_);
  options.on_answered =
      [this, access_log = access_log_options(settings_)](const serve::http::AccessRecord& record) {
        telemetry_->on_http(record);
        if (is_logged(access_log, record)) log::info("{}", access_line(record));
      };
  const bool tls = options.tls.has_value();
  const std::string host = options.host;
  const std::string uds = options.uds;
  SPYRE_TRY_ASSIGN(server_, serve::http::Server::start(std::move(options), routes()));
  if (uds.empty()) {
    log::info("listening on http{}://{}:{}", tls ? "s" : "", host, server_->port());
  } else {
    log::info("listening on unix:{}", uds);
  }
  return {};
}

void Serving::warn_of_old_engine(const OpenModel& open) const {
  if (settings_.flag(Setting::kUseV1) || open.checkpoint->config().pooling) return;
  log::warn(
      "VLLM_USE_V1=0: the older engine is deprecated for models that generate text; static "
      "batching runs on both");
}

Status Serving::start_engine() {
  SPYRE_TRY_ASSIGN(OpenModel open, open_model(settings_));
  warn_of_old_engine(open);
  SPYRE_TRY_ASSIGN(const plan::ServingPlan plan, settled_plan(settings_, open));
  open.compile_allowed = !precompiled_;
  if (precompiled_) warn_of_missing_graphs(*precompiled_, settings_, run_shape(settings_, plan));
  SPYRE_TRY_ASSIGN(speculation_, speculation(settings_));
  log::info("{}", plan.summary);
  telemetry_->settings(perf_settings(settings_, plan));
  telemetry_->planned(plan_facts(settings_, open, plan, engine::most_draft_tokens(speculation_)));
  SPYRE_TRY(plan::check_fits(plan));
  open.options.max_model_len = plan.max_model_len;
  SPYRE_TRY(compile_graphs(open, settings_,
                           {.length = RunLength::kLong, .graphs = std::ssize(plan.programs)}));
  open.options.kv_blocks = plan.kv_blocks;
  SPYRE_TRY(load(std::move(open)));

  SamplingRequest defaults = default_sampling(model_->generation_config, model_->text.tokenizer);
  SPYRE_TRY(warm_up(plan, defaults.params.eos_token_ids));
  return start_service(plan, std::move(defaults));
}

Status Serving::load(OpenModel open) {
  ProgressLine line("loading weights");
  SPYRE_TRY_ASSIGN(model_, LoadedModel::load(std::move(open), [&](int64_t done, int64_t total) {
                     line.show(done, total);
                     lifecycle_.progress(done, total);
                     return !interrupted();
                   }));
  telemetry_->model_loaded(settings_.text(Setting::kModel), model_->load_seconds);
  return {};
}

Status Serving::warm_up(const plan::ServingPlan& plan, std::vector<int32_t> excluded_tokens) {
  lifecycle_.enter(Phase::kWarmingUp);
  const auto on_pass = [&](const engine::WarmupProgress& progress) {
    const auto done = static_cast<int64_t>(2 * progress.shape) + progress.pass - 1;
    const auto total = static_cast<int64_t>(2 * progress.num_shapes);
    lifecycle_.progress(done, total);
    telemetry_->warming(done, total);
    return !interrupted();
  };
  const engine::WarmupOptions options = {
      .steps = {.draft_tokens = engine::most_draft_tokens(speculation_)},
      .excluded_tokens = std::move(excluded_tokens)};
  double total = 0;
  std::vector<engine::WarmedShape> warmed;
  if (plan.shapes.empty() || plan.pooled != plan::Pooled::kNot) {
    SPYRE_TRY_ASSIGN(total,
                     engine::warm_up_programs(*model_->runner, plan.programs, options, on_pass));
  } else {
    SPYRE_TRY_ASSIGN(warmed, engine::warm_up(*model_->runner, plan.shapes, options, on_pass));
  }
  for (const engine::WarmedShape& each : warmed) {
    telemetry_->shape_warmed(each.shape, 1, each.pass1_seconds);
    telemetry_->shape_warmed(each.shape, 2, each.pass2_seconds);
    total += each.pass1_seconds + each.pass2_seconds;
  }
  telemetry_->all_warmed(total);
  tell_graphs(*model_->runner, *telemetry_);
  return {};
}

Status Serving::start_service(const plan::ServingPlan& plan, SamplingRequest defaults) {
  const text::Tokenizer& tokenizer = model_->text.tokenizer;
  SPYRE_TRY_ASSIGN(auto scheduler, make_scheduler(settings_, plan));
  const sample::SamplingLimits limits = {
      .vocab_size = model_->runner->vocab_size(),
      .max_logprobs = static_cast<int32_t>(settings_.integer(Setting::kMaxLogprobs)),
      .max_stop_strings = static_cast<int32_t>(settings_.integer(Setting::kMaxStopStrings))};
  engine::GeneratorOptions generator_options = cli::generator_options(plan);
  generator_options.max_logprobs = limits.max_logprobs;
  generator_options.max_stop_strings = limits.max_stop_strings;
  generator_options.speculation = speculation_;
  SPYRE_TRY_ASSIGN(auto generator,
                   engine::Generator::create(*model_->runner, tokenizer, std::move(scheduler),
                                             generator_options));
  engine::AsyncEngineOptions engine_options{.max_queued_requests =
                                                settings_.is_set(Setting::kMaxNumQueuedReqs)
                                                    ? settings_.integer(Setting::kMaxNumQueuedReqs)
                                                    : 8 * plan.max_num_seqs};
  if (settings_.is_set(Setting::kMaxNumQueuedTokens)) {
    engine_options.max_queued_tokens = settings_.integer(Setting::kMaxNumQueuedTokens);
  }
  SPYRE_TRY_ASSIGN(
      engine_, engine::AsyncEngine::start(std::move(generator), engine_options,
                                          &telemetry_->observer(), [this](const Error& failure) {
                                            lifecycle_.die(failure.message);
                                            engine_died_ = true;
                                          }));
  counting_engine_ = telemetry_->counting(*engine_);

  SPYRE_TRY_ASSIGN(serve::openai::ServiceOptions options,
                   service_options(settings_, model_->text.chat_template));
  SPYRE_TRY_ASSIGN(auto pooling, pooling_model(settings_, *model_->checkpoint));
  grammars_.emplace(tokenizer, limits.vocab_size, defaults.params.eos_token_ids);
  service_.emplace(
      serve::openai::Service{.model_names = served_names(settings_),
                             .model_root = settings_.text(Setting::kModel),
                             .tokenizer = tokenizer,
                             .chat_template = model_->text.chat_template,
                             .engine = *counting_engine_,
                             .default_sampling = std::move(defaults),
                             .limits = limits,
                             .max_model_len = plan.max_model_len,
                             .created_s = std::chrono::duration_cast<std::chrono::seconds>(
                                              std::chrono::system_clock::now().time_since_epoch())
                                              .count(),
                             .fingerprint = "spyre-" SPYRE_VERSION,
                             .tokenizer_info = std::move(model_->tokenizer_info),
                             .options = std::move(options),
                             .grammars = &*grammars_,
                             .pooling = std::move(pooling)});
  ready_service_ = &*service_;
  return {};
}

// What is done again and again while others serve.
void Serving::watch() const {
  telemetry_->poll();
  std::this_thread::sleep_for(kWatchInterval);
}

void Serving::wait() const {
  while (!interrupted() && !engine_died_) watch();
  while (engine_died_ && settings_.flag(Setting::kKeepAliveOnEngineDeath) && !interrupted()) {
    watch();
  }
}

Result<int> Serving::end() {
  const bool died = engine_died_;
  const std::chrono::seconds patience(settings_.integer(Setting::kShutdownTimeout));
  lifecycle_.enter(Phase::kDraining);
  if (!died) {
    log::info("stopping: running requests may finish for {} s; a second signal ends it at once",
              patience.count());
    if (!engine_->drain(patience)) log::warn("some requests did not finish in time");
  }
  engine_->stop();
  server_->stop(kLastAnswers);
  lifecycle_.enter(Phase::kStopped);
  if (died) {
    return error(Code::kInternal, "the engine died: {}", lifecycle_.state().message);
  }
  return 0;
}

}  // namespace

int run_serve(const config::Settings& settings) {
  if (settings.text(Setting::kDynamoBackend) == "sendnn_compile_only") return run_compile(settings);
  Serving serving(settings);
  const Result<int> status = serving.run();
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
