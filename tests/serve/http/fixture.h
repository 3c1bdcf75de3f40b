// A server in this process with a few routes: some answer at once, and "/later" hands its Exchange
// to the test.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

#include "serve/http/raw_client.h"
#include "serve/http/server.h"

namespace spyre::serve::http {

// From the I/O thread to the test's.
template <typename T>
class Handoff {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  T take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !values_.empty(); });
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
};

struct Logged {
  std::string method;
  std::string path;
  std::string route;
  int status = 0;
  int64_t request_bytes = 0;
  int64_t response_bytes = 0;
  bool counted = false;
};

class ServerTest : public testing::Test {
 protected:
  ServerTest() { options_.host = "127.0.0.1"; }

  // With options_ as they are now.
  void start() {
    options_.port = 0;
    options_.error_response = [](int status, std::string_view message) {
      return Response{.status = status, .body = std::string(message)};
    };
    options_.on_answered = [this](const AccessRecord& record) {
      log_.put({record.request.method, record.request.path, std::string(record.route),
                record.status, record.request_bytes, record.response_bytes, record.counted});
    };
    auto server = Server::start(options_, routes());
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(*server);
  }

  void TearDown() override {
    if (server_) server_->stop(std::chrono::milliseconds(0));
  }

  std::vector<Route> routes() {
    const auto hello = [](const std::shared_ptr<Exchange>& exchange) {
      exchange->send({.body = "hello", .content_type = "text/plain"});
    };
    const auto echo = [](const std::shared_ptr<Exchange>& exchange) {
      exchange->send({.body = exchange->request().body});
    };
    const auto show = [](const std::shared_ptr<Exchange>& exchange) {
      const Request& request = exchange->request();
      exchange->send({.body = request.path + "|" + request.path_value + "|" + request.query});
    };
    return {
        {.method = "GET", .path = "/health", .handler = hello, .open = true},
        {.method = "GET", .path = "/hello", .handler = hello},
        {.method = "POST", .path = "/v1/completions", .handler = echo},
        {.method = "POST", .path = "/echo", .handler = echo},
        {.method = "GET", .path = "/v1/models", .handler = show},
        {.method = "GET", .path = "/v1/models/{id}", .handler = show},
        {.method = "GET", .path = "/metrics/*", .handler = show, .counted = false},
        {.method = "GET",
         .path = "/later",
         .handler =
             [this](std::shared_ptr<Exchange> exchange) { later_.put(std::move(exchange)); }},
        {.method = "POST",
         .path = "/later",
         .handler =
             [this](std::shared_ptr<Exchange> exchange) { later_.put(std::move(exchange)); }},
        {.method = "GET", .path = "/forgotten", .handler = [](const auto&) {}},
        {.method = "GET",
         .path = "/inject",
         .handler =
             [](const std::shared_ptr<Exchange>& exchange) {
               exchange->send({.headers = {{"X-Odd", "a\r\nX-Evil: b"}}});
             }},
    };
  }

  uint16_t port() const { return server_->port(); }
  RawClient connect() const { return RawClient::to_port(port()); }
  RawAnswer ask(std::string_view request) const { return http::ask(port(), request); }

  ServerOptions options_;
  Handoff<std::shared_ptr<Exchange>> later_;
  Handoff<Logged> log_;
  std::unique_ptr<Server> server_;
};

}  // namespace spyre::serve::http
