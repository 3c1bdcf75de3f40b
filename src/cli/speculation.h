// --speculative-config as the engine wants it.
#pragma once

#include <optional>

#include "config/settings.h"
#include "engine/speculation.h"

namespace spyre::cli {

// Errors: those of config::speculative_config(), which load() has found before.
Result<std::optional<engine::Speculation>> speculation(const config::Settings& settings);

}  // namespace spyre::cli
