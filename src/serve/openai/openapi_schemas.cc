#include "serve/openai/openapi_schemas.h"

#include "serve/openai/field_types.h"

namespace spyre::serve::openai {

namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

Json typed(std::string_view type) { return {{"type", type}}; }
Json nullable(std::string_view type) { return {{"type", Json::array({type, "null"})}}; }

Json list_of(Json items) { return {{"type", "array"}, {"items", std::move(items)}}; }

Json any_of(std::initializer_list<Json> schemas) {
  return {{"anyOf", Json::array_t(schemas.begin(), schemas.end())}};
}

Json or_null(Json schema) { return any_of({std::move(schema), typed("null")}); }

Json token_ids() { return list_of({{"type", "integer"}, {"minimum", 0}, {"maximum", INT32_MAX}}); }

// Properties in order; all of them required where `required`.
Json object_of(std::initializer_list<std::pair<const char*, Json>> properties, bool required) {
  Json schema = {{"type", "object"}, {"properties", Json::object()}};
  Json names = Json::array();
  for (const auto& [name, property] : properties) {
    schema["properties"][name] = property;
    names.push_back(name);
  }
  if (required) schema["required"] = std::move(names);
  return schema;
}

Json integer_limit(double limit) {
  if (limit >= kTwoTo63) return INT64_MAX;
  if (limit <= -kTwoTo63) return INT64_MIN;
  return static_cast<int64_t>(limit);
}

void add_range(const Field& field, Json& schema) {
  const Range& range = field.range;
  if (field.kind == Kind::kInteger) {
    schema["minimum"] = integer_limit(range.low);
    schema["maximum"] = integer_limit(range.high);
    return;
  }
  if (range.low > -1e30) schema[range.above ? "exclusiveMinimum" : "minimum"] = range.low;
  if (range.high < 1e30) schema["maximum"] = range.high;
}

Json plain_schema(const Field& field) {
  switch (field.kind) {
    case Kind::kAny:
      return Json::object();
    case Kind::kBoolean:
      return typed("boolean");
    case Kind::kInteger:
      return typed("integer");
    case Kind::kNumber:
      return typed("number");
    case Kind::kText:
      return typed("string");
    case Kind::kWord: {
      Json words = Json::array();
      for (const std::string_view word : words_of(field)) words.push_back(word);
      return {{"type", "string"}, {"enum", words}};
    }
    case Kind::kTextOrTexts:
      return any_of({typed("string"), list_of(typed("string"))});
    case Kind::kTokenIds:
      return token_ids();
    case Kind::kObject:
      return typed("object");
    case Kind::kObjects:
      return list_of(typed("object"));
    case Kind::kBiases:
      return {{"type", "object"}, {"additionalProperties", typed("number")}};
    case Kind::kPrompt:
      return any_of({typed("string"), list_of(typed("string")), token_ids(), list_of(token_ids())});
    case Kind::kDocuments:
      return list_of(any_of({typed("string"), object_of({{"text", typed("string")}}, true)}));
    case Kind::kMessages:
      return list_of(schema_ref("ChatMessage"));
    case Kind::kTools:
      return list_of(schema_ref("Tool"));
    case Kind::kToolChoice:
      return any_of(
          {{{"type", "string"}, {"enum", {"none", "auto", "required"}}}, schema_ref("Tool")});
    case Kind::kStreamOptions:
      return schema_ref("StreamOptions");
    case Kind::kJsonSchema:
      return any_of({typed("object"), typed("boolean"), typed("string")});
    case Kind::kResponseFormat:
      return schema_ref("ResponseFormat");
    case Kind::kStructuredOutputs:
      return schema_ref("StructuredOutputs");
  }
  return Json::object();
}

Json field_schema(const Field& field) {
  Json schema = plain_schema(field);
  if (field.kind == Kind::kInteger || field.kind == Kind::kNumber) add_range(field, schema);
  if (!field.required && field.kind != Kind::kAny) schema = or_null(std::move(schema));
  schema["description"] = field.explanation;
  if (!field.fallback.empty()) {
    if (auto fallback = parse_json(field.fallback, field.name)) schema["default"] = *fallback;
  }
  return schema;
}

Json chat_message_schema() {
  Json part = object_of(
      {{"type", typed("string")}, {"text", nullable("string")}, {"refusal", nullable("string")}},
      false);
  part["required"] = {"type"};
  part["description"] = "A part of type text or refusal; others are refused by text models.";
  Json message = object_of(
      {{"role", {{"type", "string"}, {"description", "system, developer, user, assistant, tool"}}},
       {"content", any_of({typed("string"), list_of(std::move(part)), typed("null")})},
       {"name", nullable("string")},
       {"tool_calls", or_null(list_of(typed("object")))},
       {"tool_call_id", nullable("string")},
       {"reasoning", nullable("string")},
       {"reasoning_content", nullable("string")}},
      false);
  message["required"] = {"role"};
  return message;
}

Json tool_schema() {
  Json function = object_of({{"name", typed("string")}}, true);
  Json tool = object_of({{"type", nullable("string")}, {"function", std::move(function)}}, false);
  tool["required"] = {"function"};
  return tool;
}

// Each type with the members that it looks at.
Json response_format_schema() {
  const auto of_type = [](const char* type) { return Json{{"const", type}}; };
  const Json schema = any_of({typed("object"), typed("boolean"), typed("string")});
  const Json structure = object_of({{"begin", typed("string")},
                                    {"schema", any_of({typed("object"), typed("boolean")})},
                                    {"end", typed("string")}},
                                   true);
  return any_of({object_of({{"type", of_type("text")}}, true),
                 object_of({{"type", of_type("json_object")}}, true),
                 object_of({{"type", of_type("json_schema")},
                            {"json_schema", object_of({{"schema", schema}}, true)}},
                           true),
                 object_of({{"type", of_type("structural_tag")},
                            {"structures", list_of(structure)},
                            {"triggers", list_of(typed("string"))}},
                           true)});
}

// One of the first six.
Json structured_outputs_schema() {
  return object_of({{"json", or_null(any_of({typed("object"), typed("boolean"), typed("string")}))},
                    {"regex", nullable("string")},
                    {"choice", or_null(any_of({typed("string"), list_of(typed("string"))}))},
                    {"grammar", nullable("string")},
                    {"json_object", nullable("boolean")},
                    {"structural_tag", or_null(any_of({typed("object"), typed("string")}))},
                    {"disable_any_whitespace", nullable("boolean")},
                    {"disable_additional_properties", nullable("boolean")},
                    {"whitespace_pattern", nullable("string")}},
                   false);
}

Json usage_schema() {
  Json usage = object_of(
      {{"prompt_tokens", typed("integer")},
       {"total_tokens", typed("integer")},
       {"completion_tokens", typed("integer")},
       {"prompt_tokens_details", or_null(object_of({{"cached_tokens", typed("integer")}}, true))},
       {"completion_tokens_details", nullable("object")}},
      false);
  usage["required"] = {"prompt_tokens", "total_tokens", "completion_tokens"};
  return usage;
}

Json error_schema() {
  return object_of({{"error", object_of({{"message", typed("string")},
                                         {"type", typed("string")},
                                         {"param", nullable("string")},
                                         {"code", typed("integer")}},
                                        true)}},
                   true);
}

Json finish_reason_schema() {
  return {{"type", "string"},
          {"enum", {"stop", "length", "tool_calls", "abort", "error", "repetition"}}};
}

Json stop_reason_schema() { return {{"type", Json::array({"string", "integer", "null"})}}; }

Json prompt_logprobs_schema() {
  const Json score = object_of({{"logprob", typed("number")},
                                {"rank", typed("integer")},
                                {"decoded_token", typed("string")}},
                               true);
  return or_null(list_of(or_null({{"type", "object"}, {"additionalProperties", score}})));
}

Json completion_logprobs_schema() {
  return object_of(
      {{"text_offset", list_of(typed("integer"))},
       {"token_logprobs", list_of(nullable("number"))},
       {"tokens", list_of(typed("string"))},
       {"top_logprobs",
        list_of(or_null({{"type", "object"}, {"additionalProperties", typed("number")}}))}},
      true);
}

Json chat_logprobs_schema() {
  const Json token = object_of({{"token", typed("string")},
                                {"logprob", typed("number")},
                                {"bytes", list_of(typed("integer"))}},
                               true);
  Json content = token;
  content["properties"]["top_logprobs"] = list_of(token);
  content["required"].push_back("top_logprobs");
  return object_of({{"content", list_of(content)}}, true);
}

Json metrics_schema() {
  return or_null(object_of({{"time_to_first_token_ms", typed("number")},
                            {"generation_time_ms", typed("number")},
                            {"queue_time_ms", typed("number")},
                            {"mean_itl_ms", typed("number")},
                            {"tokens_per_second", typed("number")}},
                           true));
}

Json completion_schema() {
  const Json choice = object_of({{"index", typed("integer")},
                                 {"text", typed("string")},
                                 {"logprobs", or_null(schema_ref("CompletionLogprobs"))},
                                 {"finish_reason", finish_reason_schema()},
                                 {"stop_reason", stop_reason_schema()},
                                 {"token_ids", or_null(token_ids())},
                                 {"prompt_logprobs", prompt_logprobs_schema()},
                                 {"prompt_token_ids", or_null(token_ids())},
                                 {"routed_experts", typed("null")}},
                                true);
  return object_of({{"id", typed("string")},
                    {"object", {{"const", "text_completion"}}},
                    {"created", typed("integer")},
                    {"model", typed("string")},
                    {"choices", list_of(choice)},
                    {"service_tier", typed("null")},
                    {"system_fingerprint", nullable("string")},
                    {"usage", schema_ref("Usage")},
                    {"kv_transfer_params", typed("null")},
                    {"ec_transfer_params", typed("null")},
                    {"metrics", metrics_schema()}},
                   true);
}

Json tool_call_schema() {
  const Json function = object_of(
      {{"name", typed("string")},
       {"arguments", {{"type", "string"}, {"description", "JSON, as the model wrote it"}}}},
      true);
  return object_of(
      {{"id", typed("string")}, {"type", {{"const", "function"}}}, {"function", function}}, true);
}

Json chat_completion_schema() {
  Json message = object_of({{"role", typed("string")},
                            {"content", nullable("string")},
                            {"refusal", typed("null")},
                            {"annotations", typed("null")},
                            {"audio", typed("null")},
                            {"function_call", typed("null")}},
                           true);
  // Which of them there are depends on the answer, and on --reasoning-field.
  message["properties"]["tool_calls"] = list_of(schema_ref("ToolCall"));
  message["properties"]["reasoning"] = nullable("string");
  message["properties"]["reasoning_content"] = nullable("string");
  const Json choice = object_of({{"index", typed("integer")},
                                 {"message", message},
                                 {"logprobs", or_null(schema_ref("ChatLogprobs"))},
                                 {"finish_reason", finish_reason_schema()},
                                 {"stop_reason", stop_reason_schema()},
                                 {"token_ids", or_null(token_ids())},
                                 {"routed_experts", typed("null")}},
                                true);
  return object_of({{"id", typed("string")},
                    {"object", {{"const", "chat.completion"}}},
                    {"created", typed("integer")},
                    {"model", typed("string")},
                    {"choices", list_of(choice)},
                    {"service_tier", typed("null")},
                    {"system_fingerprint", nullable("string")},
                    {"usage", schema_ref("Usage")},
                    {"prompt_logprobs", prompt_logprobs_schema()},
                    {"prompt_token_ids", or_null(token_ids())},
                    {"prompt_text", nullable("string")},
                    {"kv_transfer_params", typed("null")},
                    {"ec_transfer_params", typed("null")},
                    {"metrics", metrics_schema()}},
                   true);
}

// A list of things that have an index, and more.
Json list_answer(Json item) {
  return object_of({{"id", typed("string")},
                    {"object", {{"const", "list"}}},
                    {"created", typed("integer")},
                    {"model", typed("string")},
                    {"data", list_of(std::move(item))},
                    {"usage", schema_ref("Usage")}},
                   true);
}

// key: under which the numbers stand.
Json vectors_schema(const char* object, const char* key) {
  return list_answer(
      object_of({{"index", typed("integer")},
                 {"object", {{"const", object}}},
                 {key, any_of({list_of(typed("number")),
                               {{"type", "string"}, {"description", "base64 of the bytes"}}})}},
                true));
}

Json scores_schema() {
  return list_answer(object_of(
      {{"index", typed("integer")}, {"object", {{"const", "score"}}}, {"score", typed("number")}},
      true));
}

Json classifications_schema() {
  return list_answer(object_of({{"index", typed("integer")},
                                {"label", nullable("string")},
                                {"probs", list_of(typed("number"))},
                                {"num_classes", typed("integer")}},
                               true));
}

Json ranks_schema() {
  Json result = object_of({{"index", typed("integer")},
                           {"document", object_of({{"text", typed("string")}}, true)},
                           {"relevance_score", typed("number")}},
                          false);
  result["required"] = {"index", "relevance_score"};  // return_documents = false leaves texts out
  return object_of(
      {{"id", typed("string")},
       {"model", typed("string")},
       {"usage",
        object_of({{"prompt_tokens", typed("integer")}, {"total_tokens", typed("integer")}}, true)},
       {"results", list_of(std::move(result))}},
      true);
}

// Texts come by one of four pairs of names.
Json score_request_schema() {
  Json schema = request_schema(kScore);
  for (const auto& [first, second] :
       {std::pair("text_1", "text_2"), std::pair("queries", "documents"),
        std::pair("queries", "items"), std::pair("data_1", "data_2")}) {
    schema["anyOf"].push_back({{"required", {first, second}}});
  }
  return schema;
}

Json model_card_schema() {
  return object_of({{"id", typed("string")},
                    {"object", {{"const", "model"}}},
                    {"created", typed("integer")},
                    {"owned_by", typed("string")},
                    {"root", typed("string")},
                    {"parent", nullable("string")},
                    {"max_model_len", typed("integer")},
                    {"permission", list_of(typed("object"))}},
                   true);
}

Json tokenize_answer_schema() {
  return object_of({{"count", typed("integer")},
                    {"max_model_len", typed("integer")},
                    {"tokens", token_ids()},
                    {"token_strs", or_null(list_of(typed("string")))}},
                   true);
}

}  // namespace

Json request_schema(Taker taker) {
  Json schema = {{"type", "object"}, {"properties", Json::object()}};
  Json required = Json::array();
  for (const Field& field : request_field_table()) {
    if ((field.takers & taker) == 0) continue;
    schema["properties"][std::string(field.name)] = field_schema(field);
    if (field.required) required.push_back(field.name);
  }
  if (!required.empty()) schema["required"] = std::move(required);
  return schema;
}

Json component_schemas() {
  return {
      {"CompletionRequest", request_schema(kCompletion)},
      {"ChatCompletionRequest", request_schema(kChat)},
      {"TokenizeTextRequest", request_schema(kTokenizeText)},
      {"TokenizeChatRequest", request_schema(kTokenizeChat)},
      {"DetokenizeRequest", request_schema(kDetokenize)},
      {"EmbeddingRequest", request_schema(kEmbed)},
      {"PoolingRequest", request_schema(kPool)},
      {"ClassificationRequest", request_schema(kClassify)},
      {"PoolingChatRequest", request_schema(kPoolChat)},
      {"ScoreRequest", score_request_schema()},
      {"RerankRequest", request_schema(kRerank)},
      {"ChatMessage", chat_message_schema()},
      {"Tool", tool_schema()},
      {"ToolCall", tool_call_schema()},
      {"StreamOptions", object_of({{"include_usage", nullable("boolean")},
                                   {"continuous_usage_stats", nullable("boolean")}},
                                  false)},
      {"ResponseFormat", response_format_schema()},
      {"StructuredOutputs", structured_outputs_schema()},
      {"Usage", usage_schema()},
      {"CompletionLogprobs", completion_logprobs_schema()},
      {"ChatLogprobs", chat_logprobs_schema()},
      {"Completion", completion_schema()},
      {"ChatCompletion", chat_completion_schema()},
      {"Embeddings", vectors_schema("embedding", "embedding")},
      {"Poolings", vectors_schema("pooling", "data")},
      {"Scores", scores_schema()},
      {"Ranks", ranks_schema()},
      {"Classifications", classifications_schema()},
      {"Model", model_card_schema()},
      {"ModelList",
       object_of({{"object", {{"const", "list"}}}, {"data", list_of(schema_ref("Model"))}}, true)},
      {"TokenizeAnswer", tokenize_answer_schema()},
      {"DetokenizeAnswer", object_of({{"prompt", typed("string")}}, true)},
      {"Version", object_of({{"version", typed("string")}}, true)},
      {"Load", object_of({{"server_load", typed("integer")}}, true)},
      {"Readiness", typed("object")},
      {"Error", error_schema()},
  };
}

Json schema_ref(std::string_view name) {
  return {{"$ref", fmt::format("#/components/schemas/{}", name)}};
}

}  // namespace spyre::serve::openai
