// From what a user calls a model to where it lies.
#pragma once

#include <filesystem>
#include <optional>

#include "config/settings.h"
#include "hub/hub.h"

namespace spyre::cli {

// The hub as the settings describe it; --download-dir wins over the variables.
Result<hub::HubOptions> hub_options(const config::Settings& settings);

// MODEL on disk: a folder, a .gguf file, or a hub id that is looked up in the cache and downloaded
// when missing, with progress on standard error.
Result<std::filesystem::path> locate_model(const config::Settings& settings);

// Where the text side lies that takes the place of the model's own, on disk: --tokenizer, as a
// model is named; or MODEL's own at --tokenizer-revision. None: it is the model's. Of the hub, only
// its files are downloaded. kInvalidArgument: a revision for what is a path.
Result<std::optional<std::filesystem::path>> locate_tokenizer(const config::Settings& settings);

}  // namespace spyre::cli
