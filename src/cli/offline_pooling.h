// The engine of the commands that turn texts into vectors and exit: planned as a server's is, so
// that the same texts get the same bits.
#pragma once

#include <memory>

#include "cli/loaded_model.h"
#include "engine/generator.h"
#include "plan/serving_plan.h"

namespace spyre::cli {

struct OfflinePooling {
  plan::ServingPlan plan;
  std::unique_ptr<LoadedModel> model;
  std::unique_ptr<engine::Generator> generator;  // borrows the model
};

// kUnsupported: a model that generates text. Other errors: those of open_model(), settled_plan(),
// plan::check_fits(), LoadedModel::load() and ModelRunner::prepare().
Result<OfflinePooling> load_pooling(const config::Settings& settings);

}  // namespace spyre::cli
