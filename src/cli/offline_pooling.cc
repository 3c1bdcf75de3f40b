#include "cli/offline_pooling.h"

#include <iterator>
#include <utility>

#include "cli/batching.h"
#include "cli/codegen.h"
#include "cli/precompiled_only.h"
#include "cli/serving_plan.h"

namespace spyre::cli {

Result<OfflinePooling> load_pooling(const config::Settings& given) {
  SPYRE_TRY_ASSIGN(const auto precompiled, forbid_compilation(given));  // before there are threads
  config::Settings settings = given;
  SPYRE_TRY_ASSIGN(OpenModel open, open_model(settings));
  if (!open.checkpoint->config().pooling) {
    return error(Code::kUnsupported,
                 "{}: generates text; wanted an embedding model, a scorer or a classifier, or "
                 "--convert embed",
                 settings.text(config::Setting::kModel));
  }
  OfflinePooling result;
  SPYRE_TRY_ASSIGN(result.plan, settled_plan(settings, open));
  open.compile_allowed = !precompiled;
  SPYRE_TRY(plan::check_fits(result.plan));
  open.options.max_model_len = result.plan.max_model_len;
  open.options.kv_blocks = result.plan.kv_blocks;
  SPYRE_TRY(compile_graphs(
      open, settings, {.length = RunLength::kShort, .graphs = std::ssize(result.plan.programs)}));
  SPYRE_TRY_ASSIGN(LoadedModel model, LoadedModel::load(std::move(open)));
  result.model = std::make_unique<LoadedModel>(std::move(model));
  for (const model::StepShape& program : result.plan.programs) {
    SPYRE_TRY(result.model->runner->prepare(program));
  }
  SPYRE_TRY_ASSIGN(auto scheduler, make_scheduler(settings, result.plan));
  SPYRE_TRY_ASSIGN(result.generator,
                   engine::Generator::create(*result.model->runner, result.model->text.tokenizer,
                                             std::move(scheduler), generator_options(result.plan)));
  return result;
}

}  // namespace spyre::cli
