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

namespace {

Result<std::filesystem::path> resolve(const std::string& name, const hub::HubOptions& options) {
  hub::ProgressBar bar(stderr, hub::ProgressBar::columns_of(stderr));
  return hub::resolve(name, options, [&bar](const hub::Progress& progress) {
    bar.show(progress);
    return !interrupted();
  });
}

}  // namespace

Result<std::filesystem::path> locate_model(const config::Settings& settings) {
  const std::string model = settings.text(Setting::kModel);
  // A path needs no hub, and so no home folder to keep one in.
  if (std::filesystem::exists(model)) return std::filesystem::path(model);
  SPYRE_TRY_ASSIGN(const hub::HubOptions options, hub_options(settings));
  return resolve(model, options);
}

Result<std::optional<std::filesystem::path>> locate_tokenizer(const config::Settings& settings) {
  const bool named = settings.is_set(Setting::kTokenizer);
  const bool revised = settings.is_set(Setting::kTokenizerRevision);
  if (!named && !revised) return std::nullopt;
  const Setting from = named ? Setting::kTokenizer : Setting::kModel;
  const std::string name = settings.text(from);
  if (std::filesystem::exists(name)) {
    if (!revised) return std::filesystem::path(name);
    return error(Code::kInvalidArgument, "{}: wanted a hub id in {}, found the path {}",
                 settings.label(Setting::kTokenizerRevision), config::name(from), name);
  }
  SPYRE_TRY_ASSIGN(hub::HubOptions options, hub_options(settings));
  // --revision is the model's: another repository has no such commit.
  options.revision = settings.text(Setting::kTokenizerRevision);
  options.parts = hub::Parts::kText;
  auto path = resolve(name, options);
  if (!path && named) {
    return error(path.error().code, "{}: {}", settings.label(from), path.error().message);
  }
  return path;
}

}  // namespace spyre::cli
