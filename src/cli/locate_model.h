// From what a user calls a model to where it lies.
#pragma once

#include <filesystem>

#include "config/settings.h"
#include "hub/hub.h"

namespace spyre::cli {

// The hub as the settings describe it; --download-dir wins over the variables.
Result<hub::HubOptions> hub_options(const config::Settings& settings);

// MODEL on disk: a folder, a .gguf file, or a hub id that is looked up in the cache and downloaded
// when missing, with progress on standard error.
Result<std::filesystem::path> locate_model(const config::Settings& settings);

}  // namespace spyre::cli
