// Text to token ids and back over HTTP, by the tokenizer that prompts go through.
#include "serve/openai/handlers.h"
#include "serve/openai/json_writer.h"
#include "serve/openai/prompts.h"

namespace spyre::serve::openai {

namespace {

ApiResult<std::vector<int32_t>> chat_ids(const Visit& visit, const RequestFields& fields,
                                         const Json& messages) {
  if (fields.continue_final_message && fields.add_generation_prompt == true) {
    return bad_value("continue_final_message",
                     "continue_final_message: Cannot set both continue_final_message and "
                     "add_generation_prompt to true");
  }
  SPYRE_TRY_ASSIGN(Prompt prompt, chat_prompt(visit.service, fields, messages));
  return std::move(prompt.ids);
}

void write_texts(JsonWriter& writer, const text::Tokenizer& tokenizer,
                 const std::vector<int32_t>& ids) {
  writer.key("token_strs");
  writer.open_array();
  for (const int32_t id : ids) writer.text(to_utf8(tokenizer.token_text(id).value_or("")));
  writer.close_array();
}

}  // namespace

ApiStatus handle_tokenize(const Visit& visit) {
  const Service& service = visit.service;
  SPYRE_TRY_ASSIGN(const Json body, parse_body(visit.exchange->request()));
  const bool chat = body.contains("messages");
  SPYRE_TRY_ASSIGN(const RequestFields fields,
                   parse_request_fields(body, chat ? kTokenizeChat : kTokenizeText,
                                        service.tokenizer, service.default_sampling));
  SPYRE_TRY(check_model(service, fields.model));
  SPYRE_TRY_ASSIGN(const std::vector<int32_t> ids,
                   chat ? chat_ids(visit, fields, body["messages"])
                        : encode(service, body["prompt"].get_ref<const std::string&>(),
                                 fields.add_special_tokens.value_or(true), "prompt"));
  std::string json;
  JsonWriter writer(json);
  writer.open_object();
  writer.field("count", ids.size());
  writer.field("max_model_len", service.max_model_len);
  writer.key("tokens");
  writer.open_array();
  for (const int32_t id : ids) writer.integer(id);
  writer.close_array();
  if (fields.return_token_strs) {
    write_texts(writer, service.tokenizer, ids);
  } else {
    writer.null_field("token_strs");
  }
  writer.close_object();
  visit.exchange->send({.status = 200, .body = std::move(json)});
  return {};
}

ApiStatus handle_detokenize(const Visit& visit) {
  const Service& service = visit.service;
  SPYRE_TRY_ASSIGN(const Json body, parse_body(visit.exchange->request()));
  SPYRE_TRY_ASSIGN(
      const RequestFields fields,
      parse_request_fields(body, kDetokenize, service.tokenizer, service.default_sampling));
  SPYRE_TRY(check_model(service, fields.model));
  const Result<std::string> text = service.tokenizer.decode(fields.tokens, false);
  if (!text) return std::unexpected(from_error(text.error(), "tokens"));
  std::string json;
  JsonWriter writer(json);
  writer.open_object();
  writer.field("prompt", *text);
  writer.close_object();
  visit.exchange->send({.status = 200, .body = std::move(json)});
  return {};
}

ApiStatus handle_tokenizer_info(const Visit& visit) {
  const Json& info = visit.service.tokenizer_info;
  visit.exchange->send(
      {.status = 200, .body = info.dump(-1, ' ', false, Json::error_handler_t::replace)});
  return {};
}

}  // namespace spyre::serve::openai
