// Any bytes as the body of a request to the API (the first byte says which), over an engine that
// says two tokens, or pools two numbers: the answer is one, of a status that is documented, and
// JSON from end to end.
#include <array>
#include <atomic>

#include "base/json.h"
#include "serve/openai/routes.h"

namespace {

using spyre::Json;
using spyre::Result;
namespace engine = spyre::engine;
namespace http = spyre::serve::http;
namespace openai = spyre::serve::openai;

// More choices would only take time.
constexpr int32_t kMostChoices = 8;

class TwoTokenEngine final : public engine::AsyncEngine {
 public:
  Result<engine::RequestId> submit(engine::Request request,
                                   std::shared_ptr<engine::Listener> listener) override {
    if (request.params.n > kMostChoices || (request.beam && request.beam->width > kMostChoices)) {
      return spyre::error(spyre::Code::kResourceExhausted, "more choices than this engine has");
    }
    engine::RequestOutput output;
    if (request.pooling) {
      output.pooled = {1, -2};
      listener->on_finished(0, std::move(output));
      return engine::RequestId{0};
    }
    const int32_t choices = request.beam ? request.beam->width : request.params.n;
    const std::array<int32_t, 2> ids = {4, 5};
    const std::array<engine::TokenOutput, 2> scores = {engine::TokenOutput{.id = 4, .logprob = -1},
                                                       engine::TokenOutput{.id = 5, .logprob = -2}};
    const bool scored = request.params.logprobs.has_value();
    listener->on_prompt(0, {});
    for (int32_t i = 0; i < choices; ++i) {
      listener->on_delta(
          0, {.choice = i,
              .text = "a\xC3\xA9",
              .token_ids = ids,
              .logprobs = scored ? std::span(scores) : std::span<const engine::TokenOutput>(),
              .finished = true,
              .finish_reason = spyre::sample::FinishReason::kLength});
      output.completions.push_back({.index = i, .token_ids = {4, 5}, .text = "a\xC3\xA9"});
      if (scored) output.completions.back().logprobs.assign(scores.begin(), scores.end());
    }
    listener->on_finished(0, std::move(output));
    return engine::RequestId{0};
  }
  void abort(engine::RequestId) override {}
  int64_t most_new_tokens(int64_t) const override { return 16; }
  engine::EngineState state() const override { return engine::EngineState::kReady; }
  int64_t num_unfinished() const override { return 0; }
  int64_t num_waiting() const override { return 0; }
  bool drain(std::chrono::milliseconds) override { return true; }
  void stop() override {}
};

class OneAnswer final : public http::Exchange {
 public:
  explicit OneAnswer(http::Request request) : request_(std::move(request)) {}
  const http::Request& request() const override { return request_; }
  void send(http::Response response) override { begin(std::move(response)); }
  void begin(http::Response head) override {
    SPYRE_CHECK(status == 0);
    status = head.status;
    body = std::move(head.body);
    streamed = head.content_type.starts_with("text/event-stream");
    bytes = head.content_type == "application/octet-stream";
  }
  bool write(std::string_view piece) override {
    body += piece;
    return true;
  }
  void end() override {}
  void on_abandoned(std::function<void()>) override {}

  int status = 0;
  bool streamed = false;
  bool bytes = false;
  std::string body;

 private:
  const http::Request request_;
};

void check_events(std::string_view events) {
  constexpr std::string_view kDone = "data: [DONE]\n\n";
  SPYRE_CHECK(events.ends_with(kDone));
  events.remove_suffix(kDone.size());
  while (!events.empty()) {
    const size_t end = events.find("\n\n");
    SPYRE_CHECK(events.starts_with("data: ") && end != std::string_view::npos);
    SPYRE_CHECK(spyre::parse_json(events.substr(6, end - 6), "event"));
    events.remove_prefix(end + 2);
  }
}

void check_answer(const OneAnswer& answer) {
  if (answer.streamed) return check_events(answer.body);
  if (answer.bytes) return SPYRE_CHECK(answer.status == 200);
  const auto json = spyre::parse_json(answer.body, "answer");
  SPYRE_CHECK(json && json->is_object());
  constexpr std::array kStatuses = {200, 400, 404, 503};
  SPYRE_CHECK(std::ranges::find(kStatuses, answer.status) != kStatuses.end());
  if (answer.status != 200) SPYRE_CHECK((*json)["error"]["code"] == answer.status);
}

// Everything that the handlers need, once.
struct Api {
  const spyre::text::Tokenizer tokenizer =
      spyre::text::Tokenizer::load(SPYRE_SOURCE_DIR "/tests/reference/decoders/llama").value();
  const std::optional<spyre::text::ChatTemplate> chat_template =
      spyre::text::ChatTemplate::load(SPYRE_SOURCE_DIR "/tests/reference/decoders/llama").value();
  TwoTokenEngine two_tokens;
  spyre::text::GrammarCompiler grammars{tokenizer, tokenizer.vocab_size(), tokenizer.stop_ids()};
  openai::Service service{.model_names = {"tiny"},
                          .model_root = "",
                          .tokenizer = tokenizer,
                          .chat_template = chat_template,
                          .engine = two_tokens,
                          .default_sampling = {},
                          .limits = {.vocab_size = tokenizer.vocab_size()},
                          .max_model_len = 400,
                          .fingerprint = "",
                          .options = {.trust_request_chat_template = true},
                          .grammars = &grammars};
  spyre::serve::Lifecycle lifecycle;
  std::atomic<int64_t> in_flight = 0;
  std::vector<http::Route> routes;

  explicit Api(std::optional<openai::PoolingModel> pooling) {
    service.pooling = std::move(pooling);
    lifecycle.enter(spyre::serve::Phase::kReady);
    routes = openai::make_routes({.lifecycle = lifecycle,
                                  .service = [this] { return &service; },
                                  .executor = [](const std::function<void()>& task) { task(); },
                                  .in_flight = in_flight,
                                  .version = ""});
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  static Api generating(std::nullopt);
  static Api embedding(openai::PoolingModel{.columns = 2, .prompts = {{"a", "b"}}});
  static Api classifying(
      openai::PoolingModel{.task = openai::PoolingTask::kClassify, .columns = 2});
  struct Endpoint {
    const char* path;
    Api& api;
  };
  static const std::array kEndpoints = {
      Endpoint{"/v1/completions", generating}, Endpoint{"/v1/chat/completions", generating},
      Endpoint{"/tokenize", generating},       Endpoint{"/detokenize", generating},
      Endpoint{"/v1/embeddings", embedding},   Endpoint{"/pooling", embedding},
      Endpoint{"/score", embedding},           Endpoint{"/rerank", embedding},
      Endpoint{"/classify", classifying},      Endpoint{"/pooling", classifying}};
  if (bytes == 0) return 0;
  const auto& [path, api] =
      kEndpoints[static_cast<size_t>(data[0] + 256 - '0') % kEndpoints.size()];
  http::Request request{.method = "POST",
                        .path = path,
                        .query = "",
                        .headers = {{"content-type", "application/json"}},
                        .body = std::string(reinterpret_cast<const char*>(data + 1), bytes - 1),
                        .id = "1"};
  const auto answer = std::make_shared<OneAnswer>(std::move(request));
  for (const http::Route& route : api.routes) {
    if (route.path == path) route.handler(answer);
  }
  check_answer(*answer);
  SPYRE_CHECK(api.in_flight == 0);
  return 0;
}
