// `spyre chat --url`: the same conversation with a running server, ours or another that speaks the
// OpenAI API.
#include "cli/chat_partner.h"
#include "cli/interrupt.h"
#include "cli/sampling_flags.h"
#include "cli/server_address.h"
#include "engine/clock.h"
#include "loadtest/load.h"
#include "loadtest/sse_parser.h"

namespace spyre::cli {

namespace {

using config::Setting;
using engine::Clock;
using engine::seconds_between;

// One streamed answer, put together.
class StreamedAnswer {
 public:
  explicit StreamedAnswer(const std::function<void(std::string_view)>& on_text)
      : on_text_(on_text), events_([this](std::string_view data) { take_event(data); }) {}

  void take(std::string_view body) { events_.take(body); }

  Result<ChatAnswer> finish() {
    if (failure_) return std::unexpected(*failure_);
    answer_.first_token_seconds = seconds_between(asked_, first_piece_.value_or(asked_));
    answer_.seconds = seconds_between(first_piece_.value_or(asked_), last_piece_);
    return std::move(answer_);
  }

 private:
  void take_event(std::string_view data) {
    if (data == "[DONE]") return;
    const auto event = parse_json(data, "the server's answer");
    if (!event) {
      failure_ = event.error();
      return;
    }
    static const auto kError = Json::json_pointer("/error/message");
    static const auto kText = Json::json_pointer("/choices/0/delta/content");
    static const auto kTokens = Json::json_pointer("/usage/completion_tokens");
    if (event->contains(kError)) failure_ = Error{Code::kIo, event->at(kError).dump()};
    if (event->contains(kTokens) && event->at(kTokens).is_number_integer()) {
      answer_.tokens = event->at(kTokens).get<int64_t>();
    }
    if (event->contains(kText) && event->at(kText).is_string()) {
      take_text(event->at(kText).get_ref<const std::string&>());
    }
  }

  void take_text(const std::string& text) {
    if (text.empty()) return;
    last_piece_ = Clock::now();
    if (!first_piece_) first_piece_ = last_piece_;
    answer_.text += text;
    on_text_(text);
  }

  const std::function<void(std::string_view)>& on_text_;
  loadtest::SseParser events_;
  const Clock::time_point asked_ = Clock::now();
  std::optional<Clock::time_point> first_piece_;
  Clock::time_point last_piece_ = asked_;
  ChatAnswer answer_;
  std::optional<Error> failure_;
};

class ServedChatPartner final : public ChatPartner {
 public:
  ServedChatPartner(loadtest::Target target, Json fields)
      : target_(std::move(target)), fields_(std::move(fields)) {}

  Result<ChatAnswer> answer(const Json& messages,
                            const std::function<void(std::string_view)>& on_text) override {
    Json body = fields_;
    body["messages"] = messages;
    StreamedAnswer streamed(on_text);
    const Status told = loadtest::ask_streaming(
        target_, body.dump(-1, ' ', false, Json::error_handler_t::replace),
        [&](std::string_view piece) { streamed.take(piece); }, interrupted);
    if (!told && told.error().code != Code::kCancelled) return std::unexpected(told.error());
    return streamed.finish();
  }

 private:
  const loadtest::Target target_;
  const Json fields_;
};

}  // namespace

Result<std::unique_ptr<ChatPartner>> served_chat_partner(const config::Settings& settings) {
  SPYRE_TRY_ASSIGN(loadtest::Target target, server_target(settings, settings.text(Setting::kUrl)));
  SPYRE_TRY_ASSIGN(Json fields, sampling_fields(settings));
  if (settings.is_set(Setting::kModelName)) {
    fields["model"] = settings.text(Setting::kModelName);
  } else {
    SPYRE_TRY_ASSIGN(fields["model"], first_served_model(target));
  }
  fields["stream"] = true;
  fields["stream_options"] = {{"include_usage", true}};
  target.endpoint = "/v1/chat/completions";
  return std::make_unique<ServedChatPartner>(std::move(target), std::move(fields));
}

}  // namespace spyre::cli
