// A client without a network: a request in, and whatever was answered.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "serve/http/exchange.h"

namespace spyre::serve::openai::testing {

class FakeExchange final : public http::Exchange {
 public:
  explicit FakeExchange(http::Request request) : request_(std::move(request)) {}

  const http::Request& request() const override { return request_; }
  void send(http::Response response) override;
  void begin(http::Response head) override;
  bool write(std::string_view piece) override;
  void end() override { ended = true; }
  void on_abandoned(std::function<void()> callback) override;

  // The client leaves.
  void leave();

  // The answer's body as JSON; null when there is none.
  Json json() const;
  // The events of the stream that came so far, [DONE] left out; every piece must be whole events.
  std::vector<Json> events() const;
  bool done() const { return ended && body.ends_with("data: [DONE]\n\n"); }
  std::string header(std::string_view name) const;

  int status = 0;  // 0: not answered
  int answers = 0;
  std::string content_type;
  http::Headers headers;
  std::string body;  // of a stream: all pieces
  bool streamed = false;
  bool ended = false;

 private:
  const http::Request request_;
  std::function<void()> abandoned_;
  bool left_ = false;
};

}  // namespace spyre::serve::openai::testing
