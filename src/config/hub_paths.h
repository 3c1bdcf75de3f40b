// Where the hub's own library keeps models and the token, from settings alone: no file is touched.
#pragma once

#include <filesystem>

#include "config/settings.h"

namespace spyre::config {

// The first of --download-dir, HF_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub and
// HOME/.cache/huggingface/hub that is given. kInvalidArgument when none is.
Result<std::filesystem::path> hub_cache_dir(const Settings& settings);

// HF_TOKEN_PATH, else token in the hub's home folder; empty when neither is known.
std::filesystem::path hub_token_path(const Settings& settings);

}  // namespace spyre::config
