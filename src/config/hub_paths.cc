#include "config/hub_paths.h"

namespace spyre::config {

namespace {

// Empty when nothing says where it is.
std::filesystem::path hub_home(const Settings& settings) {
  if (settings.is_set(Setting::kHfHome)) return settings.text(Setting::kHfHome);
  if (settings.is_set(Setting::kXdgCacheHome)) {
    return std::filesystem::path(settings.text(Setting::kXdgCacheHome)) / "huggingface";
  }
  if (settings.is_set(Setting::kHome)) {
    return std::filesystem::path(settings.text(Setting::kHome)) / ".cache" / "huggingface";
  }
  return {};
}

}  // namespace

Result<std::filesystem::path> hub_cache_dir(const Settings& settings) {
  for (const Setting each : {Setting::kDownloadDir, Setting::kHfHubCache}) {
    if (settings.is_set(each) && !settings.text(each).empty()) return settings.text(each);
  }
  const std::filesystem::path home = hub_home(settings);
  if (!home.empty()) return home / "hub";
  return error(Code::kInvalidArgument,
               "the model cache: wanted a folder in --download-dir, HF_HUB_CACHE, HF_HOME or HOME, "
               "found none");
}

std::filesystem::path hub_token_path(const Settings& settings) {
  if (settings.is_set(Setting::kHfTokenPath)) return settings.text(Setting::kHfTokenPath);
  const std::filesystem::path home = hub_home(settings);
  return home.empty() ? home : home / "token";
}

}  // namespace spyre::config
