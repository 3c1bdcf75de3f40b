#include "cli/speculation.h"

#include "config/speculation.h"

namespace spyre::cli {

Result<std::optional<engine::Speculation>> speculation(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const auto config, config::speculative_config(settings));
  if (!config) return std::nullopt;
  return engine::Speculation{.draft_tokens = config->num_speculative_tokens,
                             .lookup_max = config->prompt_lookup_max,
                             .lookup_min = config->prompt_lookup_min};
}

}  // namespace spyre::cli
