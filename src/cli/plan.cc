// `spyre plan`: the memory that serving a model takes, before anything is loaded: of this machine,
// or of a Spyre card. Exit status 1 when it does not fit.
#include "cli/batching.h"
#include "cli/commands.h"
#include "cli/known_configuration.h"
#include "cli/serving_plan.h"
#include "plan/card.h"
#include "plan/known_memory.h"
#include "schedule/static_admission.h"

namespace spyre::cli {

namespace {

using config::Setting;

bool wants_json(const config::Settings& settings) {
  return settings.text(Setting::kFormat) == "json";
}

Json to_json(const std::vector<schedule::Shape>& shapes) {
  Json result = Json::array();
  for (const schedule::Shape& each : shapes) {
    result.push_back({each.prompt_tokens, each.new_tokens, each.batch_size});
  }
  return result;
}

void print(const Json& json) { fmt::print("{}\n", json.dump()); }

// What the catalogue says of this model, whatever is about to run.
std::vector<const plan::KnownModel*> known_of(const plan::KnownModels& catalogue,
                                              const OpenModel& model) {
  return plan::find_known_run(catalogue.models, model.checkpoint->fields(), {}).models;
}

Result<int> plan_machine(const config::Settings& settings, const OpenModel& model) {
  SPYRE_TRY_ASSIGN(const plan::ServingPlan plan, serving_plan(settings, model));
  SPYRE_TRY_ASSIGN(const plan::KnownModels catalogue, known_models(settings));
  SPYRE_TRY_ASSIGN(
      const auto known,
      plan::known_memory(known_of(catalogue, model), *model.checkpoint, model.options.precision));
  if (wants_json(settings)) {
    Json json = {{"device", "cpu"},
                 {"max_model_len", plan.max_model_len},
                 {"max_num_seqs", plan.max_num_seqs},
                 {"shapes", to_json(plan.shapes)},
                 {"shapes_planned", plan.planned},
                 {"kv_blocks", plan.kv_blocks}};
    if (batching(settings) != Batching::kStatic) {
      json["mode"] = name(batching(settings));
      json["usable_blocks"] = plan.usable_blocks;
      json["volume_limit"] = volume_limit(settings, plan);
    }
    json.update(plan::to_json(plan.memory));
    if (!known.empty()) json["known_configurations"] = plan::to_json(known);
    print(json);
  } else {
    fmt::print("{}\n\n{}", plan.summary, plan::text(plan.memory));
    if (!plan.memory.fits()) fmt::print("lower {}\n", plan.settings_to_lower);
    if (!known.empty()) fmt::print("\n{}", plan::text(known, plan.memory.usable_bytes()));
  }
  return plan.memory.fits() ? 0 : 1;
}

Result<int> plan_for_card(const config::Settings& settings, const OpenModel& model) {
  const checkpoint::ModelConfig& config = model.checkpoint->config();
  SPYRE_TRY_ASSIGN(auto shapes, configured_shapes(settings, config::ModelUse::kGenerate));
  const bool planned = shapes.empty();
  if (planned) {
    shapes = plan::card_ladder(config, model.options.max_model_len, wanted_max_num_seqs(settings));
  }
  SPYRE_TRY_ASSIGN(shapes, schedule::sorted_shapes(shapes));
  SPYRE_TRY_ASSIGN(
      const plan::CardPlan plan,
      plan::plan_card({.config = config,
                       .tensor_parallel = settings.integer(Setting::kTensorParallelSize),
                       .shapes = shapes}));
  SPYRE_TRY_ASSIGN(const plan::KnownModels catalogue, known_models(settings));
  const std::string known = plan::known_configurations(known_of(catalogue, model));
  if (wants_json(settings)) {
    Json json = {{"device", "spyre"}, {"shapes", to_json(shapes)}, {"shapes_planned", planned}};
    json.update(plan::to_json(plan));
    if (!known.empty()) json["known_configurations"] = known;
    print(json);
  } else {
    fmt::print("a Spyre card, {} warmup shapes (prompt, new tokens, batch) {}\n\n{}",
               planned ? "planned" : "given", schedule::text(shapes), plan::text(plan));
    if (!known.empty()) fmt::print("known to run on cards: {}\n", known);
  }
  return plan.verdict() == plan::Verdict::kDoesNotFit ? 1 : 0;
}

Result<int> plan(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const OpenModel model, open_model(settings));
  if (settings.text(Setting::kDevice) == "spyre") return plan_for_card(settings, model);
  return plan_machine(settings, model);
}

}  // namespace

int run_plan(const config::Settings& settings) {
  const Result<int> status = plan(settings);
  return status ? *status : fail(status.error());
}

}  // namespace spyre::cli
