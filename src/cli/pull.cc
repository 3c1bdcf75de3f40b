// `spyre pull`: brings a model into the cache and prints where it is.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/locate_model.h"
#include "hub/progress_bar.h"

namespace spyre::cli {

namespace {

Result<std::filesystem::path> pull(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(const hub::HubOptions options, hub_options(settings));
  hub::ProgressBar bar(stderr, hub::ProgressBar::columns_of(stderr));
  return hub::pull(settings.text(config::Setting::kModel), options,
                   [&bar](const hub::Progress& progress) {
                     bar.show(progress);
                     return !interrupted();
                   });
}

}  // namespace

int run_pull(const config::Settings& settings) {
  const auto path = pull(settings);
  if (!path) return fail(path.error());
  fmt::print("{}\n", path->string());
  return 0;
}

}  // namespace spyre::cli
