#include "cli/server_address.h"

namespace spyre::cli {

using config::Setting;

Result<loadtest::Target> server_target(const config::Settings& settings, std::string_view url) {
  loadtest::Target target;
  SPYRE_TRY_ASSIGN(target.url, loadtest::parse_url(url));
  if (target.url.path.ends_with("/v1")) target.url.path.resize(target.url.path.size() - 3);
  const std::vector<std::string> keys = settings.texts(Setting::kApiKey);
  if (!keys.empty()) target.headers.emplace_back("Authorization", "Bearer " + keys.front());
  return target;
}

Result<std::string> first_served_model(const loadtest::Target& target) {
  SPYRE_TRY_ASSIGN(const std::string body, loadtest::ask_once(target, "/v1/models", ""));
  SPYRE_TRY_ASSIGN(const Json list, parse_json(body, "/v1/models"));
  const auto id = Json::json_pointer("/data/0/id");
  if (!list.contains(id) || !list[id].is_string()) {
    return error(Code::kNotFound,
                 "/v1/models names no model; give one with --model or --model-name");
  }
  return list[id].get<std::string>();
}

}  // namespace spyre::cli
