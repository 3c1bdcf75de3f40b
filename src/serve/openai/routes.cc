#include "serve/openai/routes.h"

#include "serve/openai/documents.h"
#include "serve/openai/handlers.h"

namespace spyre::serve::openai {

namespace {

http::Handler fixed(std::string body, std::string content_type) {
  return [response =
              http::Response{
                  .status = 200, .body = std::move(body), .content_type = std::move(content_type)}](
             const std::shared_ptr<http::Exchange>& exchange) { exchange->send(response); };
}

}  // namespace

std::vector<http::Route> make_routes(const Frontend& frontend) {
  std::vector<http::Route> routes = {
      {"POST", "/v1/completions", gated(frontend, true, handle_completion)},
      {"POST", "/v1/chat/completions", gated(frontend, true, handle_chat)},
      {"POST", "/v1/embeddings", gated(frontend, true, handle_embeddings)},
      {"POST", "/pooling", gated(frontend, true, handle_pooling)},
      {"POST", "/score", gated(frontend, true, handle_score)},
      {"POST", "/v1/score", gated(frontend, true, handle_score)},
      {"POST", "/rerank", gated(frontend, true, handle_rerank)},
      {"POST", "/v1/rerank", gated(frontend, true, handle_rerank)},
      {"POST", "/v2/rerank", gated(frontend, true, handle_rerank)},
      {"POST", "/classify", gated(frontend, true, handle_classify)},
      {"GET", "/v1/models", gated(frontend, false, handle_models)},
      {"GET", "/v1/models/{id}", gated(frontend, false, handle_model)},
      {"GET", "/v1/models/*", gated(frontend, false, handle_model)},  // names with slashes
      {"POST", "/tokenize", gated(frontend, false, handle_tokenize)},
      {"POST", "/detokenize", gated(frontend, false, handle_detokenize)},
  };
  if (frontend.tokenizer_info) {
    routes.push_back({"GET", "/tokenizer_info", gated(frontend, false, handle_tokenizer_info)});
  }
  if (frontend.documents) {
    routes.push_back(
        {"GET", "/openapi.json",
         fixed(openapi_document(frontend.version, frontend.tokenizer_info), "application/json"),
         true});
    routes.push_back(
        {"GET", "/docs", fixed(std::string(docs_html()), "text/html; charset=utf-8"), true});
  }
  return routes;
}

}  // namespace spyre::serve::openai
