// The OpenAPI document: paths, their answers and the schemas between them.
#include "serve/openai/documents.h"
#include "serve/openai/json_writer.h"
#include "serve/openai/openapi_schemas.h"

namespace spyre::serve::openai {

namespace {

constexpr std::string_view kJson = "application/json";

struct Status {
  int code;
  std::string_view description;
};

// What the HTTP server may answer on any path.
constexpr Status kServerErrors[] = {
    {400, "The request is not HTTP, or makes no sense."},
    {401, "The API key is missing or wrong."},
    {408, "The request did not arrive in time."},
    {413, "The body is too large."},
    {431, "The headers are too large."},
    {500, "The server failed."},
};

// Besides them, on paths that need the model.
constexpr Status kModelErrors[] = {
    {404, "No such model is served here."},
    {503,
     "Not ready yet, shutting down, or too many requests wait; Retry-After says when to ask "
     "again."},
};

Json content(std::string_view media, Json schema) {
  Json out = Json::object();
  out[std::string(media)]["schema"] = std::move(schema);
  return out;
}

Json answer(std::string_view description, Json body) {
  Json out = {{"description", description}};
  if (!body.is_null()) out["content"] = std::move(body);
  return out;
}

Json retry_header() {
  return {
      {"Retry-After", {{"description", "Seconds to wait."}, {"schema", {{"type", "integer"}}}}}};
}

void add_error(Json& responses, const Status& status) {
  Json error = answer(status.description, content(kJson, schema_ref("Error")));
  if (status.code == 503) error["headers"] = retry_header();
  responses[std::to_string(status.code)] = std::move(error);
}

Json responses(Json good) {
  Json out = {{"200", std::move(good)}};
  for (const Status& status : kServerErrors) add_error(out, status);
  return out;
}

Json operation(std::string_view id, std::string_view summary, Json good, bool needs_model) {
  Json out = {{"operationId", id}, {"summary", summary}, {"responses", responses(std::move(good))}};
  if (needs_model) {
    for (const Status& status : kModelErrors) add_error(out["responses"], status);
  }
  if (!needs_model) out["security"] = Json::array({Json::object()});
  return out;
}

Json with_body(Json operation, Json schema, Json example) {
  Json body = content(kJson, std::move(schema));
  body[std::string(kJson)]["example"] = std::move(example);
  operation["requestBody"] = {{"required", true}, {"content", std::move(body)}};
  return operation;
}

// The schema of a stream is that of each event, as tools take it before OpenAPI 3.2.
Json streamed(std::string_view description, std::string_view schema) {
  Json body = content(kJson, schema_ref(schema));
  body["text/event-stream"] = {
      {"schema",
       {{"type", "object"},
        {"required", {"data"}},
        {"properties",
         {{"data",
           {{"type", "string"},
            {"description",
             "A chunk of the answer, or an error, as JSON; the last is [DONE]."}}}}}}}};
  return answer(description, std::move(body));
}

Json named(std::string_view schema) { return content(kJson, schema_ref(schema)); }

// A probe answers 503 of its own, with the phase as JSON or with nothing.
Json probe(std::string_view id, std::string_view summary, bool json) {
  const Json body = json ? named("Readiness") : Json(nullptr);
  Json out = operation(id, summary, answer("Yes.", body), false);
  Json no = answer("Not yet, or no more.", named("Readiness"));
  out["responses"]["503"] = std::move(no);
  return out;
}

Json generation_paths() {
  const Json completion = with_body(
      operation("create_completion", "Completes prompts.",
                streamed("The completions; with stream = true, events.", "Completion"), true),
      schema_ref("CompletionRequest"), {{"prompt", "Hello"}, {"max_tokens", 8}});
  const Json chat = with_body(
      operation("create_chat_completion", "Answers a conversation.",
                streamed("The answers; with stream = true, events.", "ChatCompletion"), true),
      schema_ref("ChatCompletionRequest"),
      {{"messages", Json::array({{{"role", "user"}, {"content", "Hello"}}})}, {"max_tokens", 8}});
  return {{"/v1/completions", {{"post", completion}}}, {"/v1/chat/completions", {{"post", chat}}}};
}

// A vector's answer is JSON, or bytes where the request asks for them.
Json vectors(std::string_view description, std::string_view schema) {
  Json body = named(schema);
  body["application/octet-stream"]["schema"] = {{"type", "string"}, {"format", "binary"}};
  return answer(description, std::move(body));
}

Json input_or_messages(std::string_view schema) {
  return {{"anyOf", Json::array({schema_ref(schema), schema_ref("PoolingChatRequest")})}};
}

Json input_paths() {
  const Json input = {{"input", "Hello"}};
  const Json embeddings =
      with_body(operation("create_embedding", "Vectors of texts; of an embedding model.",
                          vectors("A vector for each input.", "Embeddings"), true),
                input_or_messages("EmbeddingRequest"), input);
  const Json pooling =
      with_body(operation("pool", "What the model makes of texts, as numbers; of a pooling model.",
                          vectors("Numbers for each input.", "Poolings"), true),
                input_or_messages("PoolingRequest"), input);
  const Json classify =
      with_body(operation("classify", "Labels of texts; of a classifier.",
                          answer("The likeliest label of each input, and all probabilities.",
                                 named("Classifications")),
                          true),
                input_or_messages("ClassificationRequest"), input);
  return {{"/v1/embeddings", {{"post", embeddings}}},
          {"/pooling", {{"post", pooling}}},
          {"/classify", {{"post", classify}}}};
}

Json score_paths() {
  Json paths = Json::object();
  for (const std::string_view path : {"/score", "/v1/score"}) {
    paths[std::string(path)]["post"] = with_body(
        operation(path == "/score" ? "score" : "score_v1",
                  "How alike texts are, pair by pair; of an embedding model or a cross-encoder.",
                  answer("A score for each pair.", named("Scores")), true),
        schema_ref("ScoreRequest"), {{"text_1", "Hello"}, {"text_2", Json::array({"Hi", "Bye"})}});
  }
  const std::pair<std::string_view, std::string_view> ranks[] = {
      {"/rerank", "rerank"}, {"/v1/rerank", "rerank_v1"}, {"/v2/rerank", "rerank_v2"}};
  for (const auto& [path, id] : ranks) {
    paths[std::string(path)]["post"] =
        with_body(operation(id, "Documents by how well they answer a query; of the same models.",
                            answer("The best documents, the best first.", named("Ranks")), true),
                  schema_ref("RerankRequest"),
                  {{"query", "Hello"}, {"documents", Json::array({"Hi", "Bye"})}});
  }
  return paths;
}

Json model_paths() {
  Json one =
      operation("retrieve_model", "One served model.", answer("Its card.", named("Model")), true);
  one["parameters"] = Json::array({{{"name", "id"},
                                    {"in", "path"},
                                    {"required", true},
                                    {"description", "A served name."},
                                    {"schema", {{"type", "string"}, {"pattern", "^[^/{}]+$"}}}}});
  return {{"/v1/models",
           {{"get", operation("list_models", "The served models.",
                              answer("Their cards.", named("ModelList")), true)}}},
          {"/v1/models/{id}", {{"get", one}}}};
}

Json tokenizer_paths() {
  const Json request = {{"anyOf", Json::array({schema_ref("TokenizeTextRequest"),
                                               schema_ref("TokenizeChatRequest")})}};
  return {{"/tokenize",
           {{"post", with_body(operation("tokenize", "Text or a conversation as token ids.",
                                         answer("The ids.", named("TokenizeAnswer")), true),
                               request, {{"prompt", "Hello"}})}}},
          {"/detokenize",
           {{"post",
             with_body(operation("detokenize", "Token ids as text.",
                                 answer("The text.", named("DetokenizeAnswer")), true),
                       schema_ref("DetokenizeRequest"), {{"tokens", Json::array({1, 2, 3})}})}}}};
}

Json tokenizer_info_path() {
  return {{"/tokenizer_info",
           {{"get", operation("tokenizer_info", "The tokenizer's configuration.",
                              answer("tokenizer_config.json; of a GGUF file the keys it knows.",
                                     content(kJson, {{"type", "object"}})),
                              true)}}}};
}

Json probe_paths() {
  const Json text = content("text/plain", {{"type", "string"}});
  return {
      {"/health", {{"get", probe("health", "Whether the engine lives and is ready.", false)}}},
      {"/ready",
       {{"get", probe("ready", "Whether requests are taken; phase and progress.", true)}}},
      {"/ping",
       {{"get", probe("ping", "As /health.", false)},
        {"post", probe("ping_post", "As /health.", false)}}},
      {"/load",
       {{"get",
         operation("load", "Requests in flight.", answer("Their number.", named("Load")), false)}}},
      {"/version",
       {{"get",
         operation("version", "The server's version.", answer("It.", named("Version")), false)}}},
      {"/metrics",
       {{"get", operation("metrics", "Metrics, as Prometheus reads them.",
                          answer("Text format 0.0.4.", text), false)}}},
  };
}

Json page_paths() {
  const Json html = content("text/html", {{"type", "string"}});
  return {
      {"/",
       {{"get", operation("page", "A page to chat and to watch the engine.", answer("HTML.", html),
                          false)}}},
      {"/spyre/state",
       {{"get", operation("state", "What the page shows of the engine.",
                          answer("Its state.", content(kJson, {{"type", "object"}})), false)}}},
      {"/docs",
       {{"get", operation("docs", "This document as a page.", answer("HTML.", html), false)}}},
      {"/openapi.json",
       {{"get", operation("openapi", "This document.",
                          answer("It.", content(kJson, {{"type", "object"}})), false)}}},
  };
}

}  // namespace

std::string openapi_document(std::string_view version, bool tokenizer_info) {
  Json paths = generation_paths();
  for (const Json& more : {input_paths(), score_paths(), model_paths(), tokenizer_paths(),
                           probe_paths(), page_paths()}) {
    paths.update(more);
  }
  if (tokenizer_info) paths.update(tokenizer_info_path());
  const Json document = {
      {"openapi", "3.1.0"},
      {"info",
       {{"title", "spyre"},
        {"version", to_utf8(version)},
        {"description",
         "The OpenAI API as vLLM serves it. Unknown fields are ignored, null counts as absent."}}},
      {"paths", std::move(paths)},
      {"components",
       {{"schemas", component_schemas()},
        {"securitySchemes", {{"key", {{"type", "http"}, {"scheme", "bearer"}}}}}}},
      {"security", Json::array({{{"key", Json::array()}}, Json::object()})},
  };
  return document.dump();
}

}  // namespace spyre::serve::openai
