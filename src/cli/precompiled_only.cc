#include "cli/precompiled_only.h"

#include "base/log.h"
#include "cli/codegen.h"
#include "config/environment.h"

namespace spyre::cli {

using config::Setting;

// Models that do not generate are refused long before; when they come, they compile as they like.
Result<std::optional<plan::PrecompiledCatalog>> forbid_compilation(
    const config::Settings& settings) {
  if (!settings.flag(Setting::kRequirePrecompiledDecoders)) return std::nullopt;
  if (!on_card_backend(settings)) {
    log::info("{}=1 has no effect with VLLM_SPYRE_DYNAMO_BACKEND={}; it is for sendnn",
              settings.label(Setting::kRequirePrecompiledDecoders),
              settings.text(Setting::kDynamoBackend));
    return std::nullopt;
  }
  SPYRE_TRY_ASSIGN(auto catalog, plan::read_precompiled_catalog(
                                     {.enabled = settings.flag(Setting::kSendnnCacheEnable) &&
                                                 !settings.flag(Setting::kDisableCompileCache),
                                      .folder = settings.text(Setting::kSendnnCacheDir)}));
  const std::string variable(config::info(Setting::kDisableCompilation).env);
  config::write_process_variable(variable, "true");
  log::info("[PRECOMPILED_WARN] {}=1: {} is set to true; graphs come from {} or not at all",
            settings.label(Setting::kRequirePrecompiledDecoders), variable,
            settings.text(Setting::kSendnnCacheDir));
  return catalog;
}

void warn_of_missing_graphs(const plan::PrecompiledCatalog& catalog,
                            const config::Settings& settings, const plan::RunShape& run) {
  const auto warnings =
      plan::precompiled_warnings(catalog, settings.text(Setting::kModel), run, SPYRE_VERSION);
  for (const std::string& each : warnings) log::warn("[PRECOMPILED_WARN] {}", each);
}

}  // namespace spyre::cli
