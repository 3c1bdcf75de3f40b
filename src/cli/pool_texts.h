// Texts from a file or from flags, and what a pooling model makes of them, for the commands that
// write vectors and scores.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "cli/offline_pooling.h"
#include "config/settings.h"
#include "serve/openai/pooling_prompts.h"

namespace spyre::cli {

// The JSON lines of --input, blank ones left out, each with the number of its line, from 1. Errors:
// no such file, or a line that is no JSON.
struct InputLine {
  size_t number = 0;
  Json json;
};
Result<std::vector<InputLine>> input_lines(const config::Settings& settings);

// How texts become tokens, by the model and by --truncate-prompt-tokens.
Result<serve::openai::InputRules> input_rules(const config::Settings& settings,
                                              const OfflinePooling& pooling,
                                              const serve::openai::PoolingModel& model);

// --use-activation; none: as the model says.
std::optional<bool> wants_activation(const config::Settings& settings);

// An error of the API's rooms as one of ours.
std::unexpected<Error> as_error(const serve::openai::ApiError& error);

// What the model's last layer makes of each prompt: `columns` values. Shows progress. kCancelled:
// Ctrl-C. Other errors: those of the engine.
Result<std::vector<std::vector<float>>> pool_all(OfflinePooling& pooling,
                                                 std::vector<serve::openai::PoolingPrompt> prompts,
                                                 int64_t columns);

// Writes to --output, else to standard output.
Status write_result(const config::Settings& settings, std::string_view bytes);

}  // namespace spyre::cli
