// `spyre replay`: a trace of requests, step by step, as JSON lines on standard output.
#include "engine/replay.h"

#include <iostream>

#include "base/log.h"
#include "cli/batching.h"
#include "cli/commands.h"
#include "cli/loaded_model.h"
#include "cli/read_file.h"
#include "cli/request_fields.h"
#include "cli/serving_plan.h"
#include "cli/speculation.h"

namespace spyre::cli {

namespace {

using config::Setting;

void write_line(const Json& line) {
  std::cout << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

void write_config(const config::Settings& settings, const plan::ServingPlan& plan) {
  const Batching mode = batching(settings);
  Json config = {{"mode", name(mode)},
                 {"max_model_len", plan.max_model_len},
                 {"max_num_seqs", plan.max_num_seqs},
                 {"block_tokens", schedule::kBlockTokens},
                 {"blocks", plan.usable_blocks}};
  if (mode == Batching::kStatic) {
    config["shapes"] = Json::array();
    for (const schedule::Shape& each : plan.shapes) {
      config["shapes"].push_back({each.prompt_tokens, each.new_tokens, each.batch_size});
    }
  }
  if (mode == Batching::kLegacy || mode == Batching::kChunked) {
    config["volume_limit"] = volume_limit(settings, plan);
  }
  if (mode == Batching::kChunked || mode == Batching::kMixed) {
    config["chunk_tokens"] = chunk_tokens(settings);
    config["prefix_caching"] = settings.flag(Setting::kEnablePrefixCaching);
  }
  write_line({{"config", std::move(config)}});
}

Status run(std::span<const engine::TraceRequest> trace, engine::ReplayTarget& target) {
  return engine::replay(trace, target, write_line, interrupted);
}

Status replay_schedule(const config::Settings& settings,
                       std::span<const engine::TraceRequest> trace) {
  SPYRE_TRY_ASSIGN(const plan::ServingPlan plan, plan_without_model(settings));
  SPYRE_TRY_ASSIGN(auto scheduler, make_scheduler(settings, plan, Timing::kNone));
  write_config(settings, plan);
  const auto target = engine::schedule_only_target(std::move(scheduler));
  return run(trace, *target);
}

// Greedy and without an early end, unless the trace says otherwise: what a model says must not
// change who runs when.
engine::MakeRequest request_maker(const LoadedModel& model) {
  SamplingRequest defaults;
  defaults.params.eos_token_ids =
      default_sampling(model.generation_config, model.text.tokenizer).params.eos_token_ids;
  defaults.params.temperature = 0;
  defaults.params.ignore_eos = true;
  return [&model, defaults](const engine::TraceRequest& request, std::vector<int32_t> prompt,
                            int64_t max_tokens) -> Result<engine::Request> {
    SamplingRequest sampling = defaults;
    for (const auto& [name, value] : request.fields.items()) {
      SPYRE_TRY(set_field(name, value, model.text.tokenizer, sampling));
    }
    sampling.max_tokens = max_tokens;
    return cli::to_engine_request(std::move(prompt), sampling, model.runner->max_model_len());
  };
}

Status replay_model(const config::Settings& settings, std::span<const engine::TraceRequest> trace) {
  SPYRE_TRY_ASSIGN(OpenModel open, open_model(settings));
  SPYRE_TRY_ASSIGN(const plan::ServingPlan plan, serving_plan(settings, open));
  SPYRE_TRY(plan::check_fits(plan));
  log::info("{}", plan.summary);
  open.options.max_model_len = plan.max_model_len;
  open.options.kv_blocks = plan.kv_blocks;
  SPYRE_TRY_ASSIGN(const LoadedModel model, LoadedModel::load(std::move(open)));
  SPYRE_TRY_ASSIGN(const auto speculation, cli::speculation(settings));
  for (const model::StepShape& each : plan.programs) SPYRE_TRY(model.runner->prepare(each));
  SPYRE_TRY_ASSIGN(auto scheduler, make_scheduler(settings, plan, Timing::kNone));
  write_config(settings, plan);
  SPYRE_TRY_ASSIGN(auto generator, engine::Generator::create(
                                       *model.runner, model.text.tokenizer, std::move(scheduler),
                                       {.speculation = speculation, .timeless = true}));
  const auto target =
      engine::generator_target(*generator, model.runner->vocab_size(), request_maker(model));
  return run(trace, *target);
}

Status replay(const config::Settings& settings) {
  if (!settings.is_set(Setting::kTrace)) {
    return error(Code::kInvalidArgument, "wanted --trace with a file of requests, found none");
  }
  const std::string path = settings.text(Setting::kTrace);
  SPYRE_TRY_ASSIGN(const std::string text, read_file(path));
  const auto trace = engine::parse_trace(text);
  if (!trace) return error(trace.error().code, "{}: {}", path, trace.error().message);
  if (settings.flag(Setting::kScheduleOnly)) return replay_schedule(settings, *trace);
  if (!settings.is_set(Setting::kModel)) {
    return error(Code::kInvalidArgument,
                 "wanted a MODEL, or --schedule-only to do without one, found neither");
  }
  return replay_model(settings, *trace);
}

}  // namespace

int run_replay(const config::Settings& settings) {
  const Status status = replay(settings);
  std::cout.flush();
  return status ? 0 : fail(status.error());
}

}  // namespace spyre::cli
