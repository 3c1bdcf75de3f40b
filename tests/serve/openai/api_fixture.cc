#include "serve/openai/api_fixture.h"

namespace spyre::serve::openai::testing {

namespace {

const std::filesystem::path kModel =
    std::filesystem::path(SPYRE_SOURCE_DIR) / "tests/reference/decoders/llama";

// The route of a path; {id} and * stand for what follows /v1/models/.
const http::Route* find_route(const std::vector<http::Route>& routes, const std::string& method,
                              const std::string& path) {
  const bool model = path.starts_with("/v1/models/");
  for (const http::Route& route : routes) {
    const bool same = model ? route.path == "/v1/models/{id}" : route.path == path;
    if (route.method == method && same) return &route;
  }
  return nullptr;
}

}  // namespace

text::Tokenizer fixture_tokenizer() { return text::Tokenizer::load(kModel).value(); }
std::optional<text::ChatTemplate> fixture_template() {
  return text::ChatTemplate::load(kModel).value();
}

Api::Api()
    : tokenizer_(fixture_tokenizer()),
      template_(fixture_template()),
      grammars_(tokenizer_, tokenizer_.vocab_size(), tokenizer_.stop_ids()),
      service_{.model_names = {"tiny", "alias"},
               .model_root = "org/tiny",
               .tokenizer = tokenizer_,
               .chat_template = template_,
               .engine = engine_,
               .default_sampling = {},
               .limits = {.vocab_size = tokenizer_.vocab_size()},
               .max_model_len = 100,
               .created_s = 1'000,
               .fingerprint = "spyre-test",
               .grammars = &grammars_,
               .unix_seconds = [] { return int64_t{2'000}; }} {
  lifecycle_.enter(Phase::kReady);
  routes_ = make_routes({.lifecycle = lifecycle_,
                         .service = [this] { return has_service_ ? &service_ : nullptr; },
                         .executor = [](const std::function<void()>& task) { task(); },
                         .in_flight = in_flight_,
                         .version = "1.2.3",
                         .tokenizer_info = true});
}

std::shared_ptr<FakeExchange> Api::ask(const std::string& method, const std::string& path,
                                       std::string body, http::Headers headers) {
  http::Request request{.method = method,
                        .path = path,
                        .query = "",
                        .headers = std::move(headers),
                        .body = "",
                        .id = "0123"};
  request.body = std::move(body);
  if (path.starts_with("/v1/models/")) request.path_value = path.substr(11);
  auto exchange = std::make_shared<FakeExchange>(std::move(request));
  const http::Route* route = find_route(routes_, method, path);
  EXPECT_NE(route, nullptr) << path;
  if (route != nullptr) route->handler(exchange);
  return exchange;
}

std::shared_ptr<FakeExchange> Api::post(const std::string& path, const Json& body) {
  return ask("POST", path, body.dump(), {{"content-type", "application/json; charset=utf-8"}});
}

std::string Api::refusal(const std::string& path, const Json& body, std::string* message) {
  const auto exchange = post(path, body);
  const Json error = exchange->json()["error"];
  if (!error.is_object()) return "accepted";
  EXPECT_EQ(error["code"], exchange->status);
  if (message != nullptr) *message = error["message"];
  const std::string param = error["param"].is_null() ? "null" : error["param"].get<std::string>();
  return fmt::format("{} {} {}", exchange->status, error["type"].get<std::string>(), param);
}

void Api::answer_with(std::vector<ChoiceScript> choices, std::vector<size_t> cuts, size_t lag) {
  engine_.on_submit = [this, choices = std::move(choices), cuts = std::move(cuts),
                       lag](engine::RequestId id) { engine_.play(id, choices, cuts, lag); };
}

void Api::pool_with(PoolingModel model, Pool pool) {
  service_.pooling = std::move(model);
  engine_.on_submit = [this, pool = std::move(pool)](engine::RequestId id) {
    engine_.finish(id, {.pooled = pool(engine_.submitted[id].request)});
  };
}

ChoiceScript two_tokens() { return {.pieces = {{4, "ab"}, {5, "c"}}}; }

}  // namespace spyre::serve::openai::testing
