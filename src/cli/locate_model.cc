#include "cli/locate_model.h"

#include <algorithm>

#include "cli/interrupt.h"
#include "hub/progress_bar.h"

namespace spyre::cli {

using config::Setting;

Result<hub::HubOptions> hub_options(const config::Settings& settings) {
  const auto lookup = [&](std::string_view variable) -> std::optional<std::string> {
    const auto rows = config::table();
    const auto row = std::ranges::find(rows, variable, &config::SettingInfo::env);
    if (row == rows.end() || !settings.is_set(row->setting)) return std::nullopt;
    return settings.text(row->setting);
  };
  SPYRE_TRY_ASSIGN(hub::HubOptions options, hub::options_from(lookup));
  if (settings.is_set(Setting::kDownloadDir)) {
    options.cache_dir = settings.text(Setting::kDownloadDir);
  }
  options.revision = settings.text(Setting::kRevision);
  return options;
}

Result<std::filesystem::path> locate_model(const config::Settings& settings) {
  const std::string model = settings.text(Setting::kModel);
  // A path needs no hub, and so no home folder to keep one in.
  if (std::filesystem::exists(model)) return std::filesystem::path(model);
  SPYRE_TRY_ASSIGN(const hub::HubOptions options, hub_options(settings));
  hub::ProgressBar bar(stderr, hub::ProgressBar::columns_of(stderr));
  return hub::resolve(model, options, [&bar](const hub::Progress& progress) {
    bar.show(progress);
    return !interrupted();
  });
}

}  // namespace spyre::cli
