#include "serve/openai/gate.h"

#include <algorithm>
#include <cmath>

#include "base/log.h"
#include "serve/openai/json_writer.h"

namespace spyre::serve::openai {

namespace {

constexpr double kLongestRetrySeconds = 60;  // clients do not wait longer, whatever is asked
constexpr int kUsualRetrySeconds = 2;
constexpr size_t kMaxNamedModels = 16;
constexpr size_t kMaxNameBytes = 200;

ApiError not_ready(const LifecycleState& state) {
  ApiError error{.status = 503, .type = "Service Unavailable", .retry_after_s = kUsualRetrySeconds};
  error.message = fmt::format("the model is not ready: {}", name(state.phase));
  if (state.phase == Phase::kDraining || state.phase == Phase::kStopped) {
    error.message = "the server is shutting down";
  } else if (state.phase == Phase::kDead) {
    error.message = "the engine is dead; the server will end";
  } else if (state.total > 0) {
    error.message += fmt::format(" {}/{}", state.done, state.total);
  }
  if (state.eta_seconds) {
    const double wait = std::clamp(std::ceil(*state.eta_seconds), 1.0, kLongestRetrySeconds);
    error.retry_after_s = static_cast<int>(wait);
    error.message += fmt::format(", about {:.0f} s left", std::ceil(*state.eta_seconds));
  }
  return error;
}

bool is_json(std::string_view content_type) {
  std::string media(content_type.substr(0, content_type.find(';')));
  while (!media.empty() && (media.back() == ' ' || media.back() == '\t')) media.pop_back();
  std::ranges::transform(media, media.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return media == "application/json";
}

void run(const Visit& visit, ApiStatus (*work)(const Visit& visit)) {
  // What libraries throw ends here; an exchange that is let go unanswered answers 500.
  try {
    if (const ApiStatus done = work(visit); !done) visit.exchange->send(to_response(done.error()));
  } catch (const std::exception& e) {
    log::error("a request failed: {}", e.what());
  }
}

}  // namespace

http::Handler gated(const Frontend& frontend, bool counted, ApiStatus (*work)(const Visit& visit)) {
  return [frontend, counted, work](std::shared_ptr<http::Exchange> exchange) {
    const Service* service = frontend.service();
    const LifecycleState state = frontend.lifecycle.state();
    if (service == nullptr || state.phase != Phase::kReady) {
      return exchange->send(to_response(not_ready(state)));
    }
    auto in_flight = counted ? std::make_shared<InFlight>(frontend.in_flight) : nullptr;
    frontend.executor([exchange = std::move(exchange), in_flight = std::move(in_flight), service,
                       executor = frontend.executor,
                       work] { run({exchange, *service, executor, in_flight}, work); });
  };
}

ApiResult<Json> parse_body(const http::Request& request) {
  if (!is_json(request.header("content-type"))) {
    ApiError error =
        bad_type("", "Unsupported Media Type: Only 'application/json' is allowed").error();
    error.param = std::nullopt;
    return std::unexpected(std::move(error));
  }
  Result<Json> body = parse_json(request.body, "body");
  if (!body) return bad_type("body", std::move(body.error().message));
  if (!body->is_object()) {
    return bad_type("body", fmt::format("body: wanted an object, found {}", body->type_name()));
  }
  return std::move(*body);
}

ApiStatus check_model(const Service& service, const std::string& model) {
  const auto& names = service.model_names;
  if (model.empty() || service.options.skip_model_name_validation) return {};
  if (std::ranges::find(names, model) != names.end()) return {};
  const auto shown = std::span(names).first(std::min(names.size(), kMaxNamedModels));
  return std::unexpected(
      ApiError{.status = 404,
               .type = "NotFoundError",
               .message = fmt::format("The model `{}` does not exist; served here: {}",
                                      shortened(model, kMaxNameBytes), fmt::join(shown, ", ")),
               .param = "model"});
}

}  // namespace spyre::serve::openai
