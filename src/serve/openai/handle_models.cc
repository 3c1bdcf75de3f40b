// The model cards: one for each served name.
#include <algorithm>

#include "serve/openai/handlers.h"
#include "serve/openai/json_writer.h"

namespace spyre::serve::openai {

namespace {

void write_permission(JsonWriter& writer, const Service& service, const std::string& name) {
  writer.open_object();
  writer.field("id", "modelperm-" + name);
  writer.field("object", "model_permission");
  writer.field("created", service.created_s);
  writer.field("allow_create_engine", false);
  writer.field("allow_sampling", true);
  writer.field("allow_logprobs", true);
  writer.field("allow_search_indices", false);
  writer.field("allow_view", true);
  writer.field("allow_fine_tuning", false);
  writer.field("organization", "*");
  writer.null_field("group");
  writer.field("is_blocking", false);
  writer.close_object();
}

void write_card(JsonWriter& writer, const Service& service, const std::string& model) {
  const std::string name = to_utf8(model);
  writer.open_object();
  writer.field("id", name);
  writer.field("object", "model");
  writer.field("created", service.created_s);
  writer.field("owned_by", "vllm");  // scripts test for it
  writer.field("root", to_utf8(service.model_root));
  writer.null_field("parent");
  writer.field("max_model_len", service.max_model_len);
  writer.key("permission");
  writer.open_array();
  write_permission(writer, service, name);
  writer.close_array();
  writer.close_object();
}

}  // namespace

ApiStatus handle_models(const Visit& visit) {
  std::string json;
  JsonWriter writer(json);
  writer.open_object();
  writer.field("object", "list");
  writer.key("data");
  writer.open_array();
  for (const std::string& name : visit.service.model_names) {
    write_card(writer, visit.service, name);
  }
  writer.close_array();
  writer.close_object();
  visit.exchange->send({.status = 200, .body = std::move(json)});
  return {};
}

ApiStatus handle_model(const Visit& visit) {
  const std::string& name = visit.exchange->request().path_value;
  const auto& names = visit.service.model_names;
  if (std::ranges::find(names, name) == names.end()) {
    return std::unexpected(
        ApiError{.status = 404,
                 .type = "NotFoundError",
                 .message = fmt::format("The model `{}` does not exist", shortened(name, 200)),
                 .param = "model"});
  }
  std::string json;
  JsonWriter writer(json);
  write_card(writer, visit.service, name);
  visit.exchange->send({.status = 200, .body = std::move(json)});
  return {};
}

}  // namespace spyre::serve::openai
