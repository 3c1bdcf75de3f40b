#include "serve/openai/pooling_call.h"

namespace spyre::serve::openai {

namespace {

bool is_given(const Json& body, const char* name) {
  const auto found = body.find(name);
  return found != body.end() && !found->is_null();
}

}  // namespace

ApiResult<PoolingCall> pooling_call(const Visit& visit, Taker taker,
                                    ApiStatus (*check)(const Service& service),
                                    std::string_view id_prefix) {
  const Service& service = visit.service;
  PoolingCall call;
  SPYRE_TRY_ASSIGN(call.body, parse_body(visit.exchange->request()));
  const bool inputs = taker == kEmbed || taker == kPool || taker == kClassify;
  const bool chat = inputs && !is_given(call.body, "input") && is_given(call.body, "messages");
  call.field = chat ? "messages" : "input";
  SPYRE_TRY_ASSIGN(call.fields, parse_request_fields(call.body, chat ? kPoolChat : taker,
                                                     service.tokenizer, service.default_sampling));
  SPYRE_TRY(check_model(service, call.fields.model));
  SPYRE_TRY(check(service));
  SPYRE_TRY(check_inputs(service, call.fields));
  call.head = answer_head(visit, call.fields, id_prefix);
  return call;
}

ApiResult<std::vector<PoolingPrompt>> call_prompts(const Visit& visit, const PoolingCall& call) {
  if (call.field == "input") return input_prompts(visit.service, call.fields, call.body["input"]);
  std::vector<PoolingPrompt> prompts(1);
  SPYRE_TRY_ASSIGN(prompts[0],
                   conversation_prompt(visit.service, call.fields, call.body["messages"]));
  return prompts;
}

int64_t count_tokens(const std::vector<PoolingPrompt>& prompts) {
  int64_t tokens = 0;
  for (const PoolingPrompt& each : prompts) tokens += static_cast<int64_t>(each.ids.size());
  return tokens;
}

void write_pooling_usage(JsonWriter& writer, int64_t prompt_tokens) {
  writer.open_object();
  writer.field("prompt_tokens", prompt_tokens);
  writer.field("total_tokens", prompt_tokens);
  writer.field("completion_tokens", 0);
  writer.null_field("prompt_tokens_details");
  writer.null_field("completion_tokens_details");
  writer.close_object();
}

void open_list(JsonWriter& writer, const AnswerHead& head) {
  writer.open_object();
  writer.field("id", to_utf8(head.id));
  writer.field("object", "list");
  writer.field("created", head.created_s);
  writer.field("model", to_utf8(head.model));
  writer.key("data");
  writer.open_array();
}

void close_list(JsonWriter& writer, int64_t prompt_tokens) {
  writer.close_array();
  writer.key("usage");
  write_pooling_usage(writer, prompt_tokens);
  writer.close_object();
}

}  // namespace spyre::serve::openai
