// VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS=1: nothing is compiled, and the graph cache must say what
// it was filled for. Only on the card's backend; nothing happens to whoever did not ask.
#pragma once

#include <optional>

#include "config/settings.h"
#include "plan/precompiled_catalog.h"

namespace spyre::cli {

// Reads the cache's catalogue, writes DISABLE_COMPILATION=true and logs it; none where compiling is
// allowed. Caller: no other thread runs. Errors: those of plan::read_precompiled_catalog().
Result<std::optional<plan::PrecompiledCatalog>> forbid_compilation(
    const config::Settings& settings);

// Logs what the catalogue lacks for this run; the start goes on.
void warn_of_missing_graphs(const plan::PrecompiledCatalog& catalog,
                            const config::Settings& settings, const plan::RunShape& run);

}  // namespace spyre::cli
