// The engine of the commands that answer and exit: requests are batched by what memory allows, with
// no shapes and no server.
#pragma once

#include <memory>

#include "cli/loaded_model.h"
#include "engine/generator.h"

namespace spyre::cli {

// Prepares the model's programs for steps of at most so many sequences; settings say whether to
// speculate. Borrows the model. Errors: those of ModelRunner::prepare() and Generator::create().
Result<std::unique_ptr<engine::Generator>> offline_generator(const config::Settings& settings,
                                                             const LoadedModel& model,
                                                             int64_t sequences);

// Steps until nothing is left; after Ctrl-C what is left ends as aborted. Errors: those of step().
Status run_to_end(engine::Generator& generator, engine::Listener& listener);

}  // namespace spyre::cli
