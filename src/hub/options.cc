#include "hub/options.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iterator>

namespace spyre::hub {

namespace {

namespace fs = std::filesystem;

std::optional<std::string> filled(const Lookup& lookup, std::string_view variable) {
  std::optional<std::string> value = lookup(variable);
  if (value && value->empty()) return std::nullopt;
  return value;
}

// A leading "~/" is the user's home, as the hub's library has it.
fs::path expand(const std::string& text, const Lookup& lookup) {
  if (text.starts_with("~/")) {
    if (const auto home = filled(lookup, "HOME")) return fs::path(*home) / text.substr(2);
  }
  return text;
}

Result<fs::path> hub_home(const Lookup& lookup) {
  if (const auto home = filled(lookup, "HF_HOME")) return expand(*home, lookup);
  if (const auto cache = filled(lookup, "XDG_CACHE_HOME")) {
    return expand(*cache, lookup) / "huggingface";
  }
  if (const auto home = filled(lookup, "HOME")) {
    return fs::path(*home) / ".cache" / "huggingface";
  }
  return error(Code::kInvalidArgument,
               "no folder for downloaded models: neither HF_HOME nor HOME is set");
}

std::string trimmed(std::string text) {
  const auto space = [](unsigned char c) { return std::isspace(c) != 0; };
  text.erase(std::find_if_not(text.rbegin(), text.rend(), space).base(), text.end());
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), space));
  return text;
}

// The token of a login, empty when there is none. The file is the user's choice, so one that cannot
// be read is no error: the hub says when it needs a token.
std::string token_of(const Lookup& lookup, const fs::path& home) {
  if (const auto token = filled(lookup, "HF_TOKEN")) return trimmed(*token);
  const auto file = filled(lookup, "HF_TOKEN_PATH");
  std::ifstream stream(file ? expand(*file, lookup) : home / "token", std::ios::binary);
  return trimmed({std::istreambuf_iterator<char>(stream), {}});
}

Result<bool> switched_on(std::string_view variable, std::string value) {
  constexpr std::array kYes = {"1", "true", "yes", "on"};
  constexpr std::array kNo = {"0", "false", "no", "off"};
  std::ranges::transform(value, value.begin(), [](unsigned char c) { return std::tolower(c); });
  if (std::ranges::find(kYes, value) != kYes.end()) return true;
  if (std::ranges::find(kNo, value) != kNo.end()) return false;
  return error(Code::kInvalidArgument, "{}: wanted 1 or 0, found '{}'", variable, value);
}

}  // namespace

Result<HubOptions> options_from(const Lookup& lookup) {
  HubOptions options;
  const auto cache = filled(lookup, "HF_HUB_CACHE");
  const auto home = hub_home(lookup);
  if (cache) {
    options.cache_dir = expand(*cache, lookup);
  } else {
    SPYRE_TRY(home);
    options.cache_dir = *home / "hub";
  }
  options.token = token_of(lookup, home.value_or(options.cache_dir));
  if (const auto endpoint = filled(lookup, "HF_ENDPOINT")) {
    if (!endpoint->starts_with("http://") && !endpoint->starts_with("https://")) {
      return error(
          Code::kInvalidArgument,
          "HF_ENDPOINT: wanted an address that starts with https:// or http://, found '{}'",
          *endpoint);
    }
    options.endpoint = *endpoint;
  }
  if (const auto offline = filled(lookup, "HF_HUB_OFFLINE")) {
    SPYRE_TRY_ASSIGN(options.offline, switched_on("HF_HUB_OFFLINE", *offline));
  }
  return options;
}

}  // namespace spyre::hub
