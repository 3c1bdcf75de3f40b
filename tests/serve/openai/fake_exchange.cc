#include "serve/openai/fake_exchange.h"

#include <gtest/gtest.h>

namespace spyre::serve::openai::testing {

void FakeExchange::send(http::Response response) {
  if (answers++ > 0) return;
  status = response.status;
  body = std::move(response.body);
  content_type = std::move(response.content_type);
  headers = std::move(response.headers);
  ended = true;
}

void FakeExchange::begin(http::Response head) {
  EXPECT_EQ(answers, 0);
  ++answers;
  status = head.status;
  body = std::move(head.body);
  content_type = std::move(head.content_type);
  headers = std::move(head.headers);
  streamed = true;
}

bool FakeExchange::write(std::string_view piece) {
  EXPECT_TRUE(streamed && !ended);
  EXPECT_TRUE(piece.starts_with("data: ") && piece.ends_with("\n\n")) << piece;
  if (left_) return false;
  body += piece;
  return true;
}

void FakeExchange::on_abandoned(std::function<void()> callback) {
  if (left_) return callback();
  abandoned_ = std::move(callback);
}

void FakeExchange::leave() {
  left_ = true;
  if (abandoned_) abandoned_();
}

Json FakeExchange::json() const {
  auto parsed = parse_json(body, "answer");
  EXPECT_TRUE(parsed) << body;
  return parsed ? *parsed : Json();
}

std::vector<Json> FakeExchange::events() const {
  std::vector<Json> events;
  std::string_view rest = body;
  while (!rest.empty()) {
    const size_t end = rest.find("\n\n");
    EXPECT_TRUE(rest.starts_with("data: ") && end != std::string_view::npos) << rest;
    if (end == std::string_view::npos) break;
    const std::string_view event = rest.substr(6, end - 6);
    if (event != "[DONE]") events.push_back(*parse_json(event, "event"));
    rest.remove_prefix(end + 2);
  }
  return events;
}

std::string FakeExchange::header(std::string_view name) const {
  for (const auto& [each, value] : headers) {
    if (each == name) return value;
  }
  return "";
}

}  // namespace spyre::serve::openai::testing
