#include "loadtest/connection.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <tuple>

#include "loadtest/response_parser.h"

namespace spyre::loadtest {

asio::awaitable<void> Connection::connect(ErrorCode& code) {
  input_.clear();
  co_await asio::async_connect(socket_, addresses_,
                               asio::redirect_error(asio::use_awaitable, code));
  ErrorCode ignored;
  if (!code) std::ignore = socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

asio::awaitable<Reply> Connection::ask(const std::string& request,
                                       std::function<void(std::string_view)> on_body,
                                       double timeout) {
  timed_out_ = false;
  timer_.expires_after(std::chrono::milliseconds(static_cast<int64_t>(timeout * 1000)));
  timer_.async_wait([this](ErrorCode code) {
    if (code) return;
    timed_out_ = true;
    close();
  });
  const bool kept = socket_.is_open();
  bool fresh = false;
  Reply reply = co_await attempt(request, on_body, fresh);
  if (kept && fresh && !timed_out_ && !reply.failure.empty()) {
    reply = co_await attempt(request, on_body, fresh);
  }
  timer_.cancel();
  if (timed_out_) reply.failure = "no complete answer in time";
  co_return reply;
}

void Connection::close() {
  ErrorCode ignored;
  std::ignore = socket_.close(ignored);
}

asio::awaitable<Reply> Connection::attempt(const std::string& request,
                                           const std::function<void(std::string_view)>& on_body,
                                           bool& fresh) {
  Reply reply;
  fresh = true;
  ErrorCode code;
  if (!socket_.is_open()) co_await connect(code);
  if (!code) {
    const asio::const_buffer bytes = asio::buffer(request);
    co_await asio::async_write(socket_, bytes, asio::redirect_error(asio::use_awaitable, code));
  }
  const ResponseParser* current = nullptr;
  auto parser = std::make_unique<ResponseParser>([&](std::string_view body) {
    if (on_body && current->status() == 200) {
      on_body(body);
    } else {
      reply.body += body;
    }
  });
  current = parser.get();
  while (!code && !parser->complete() && !parser->failure()) {
    const asio::mutable_buffer space = asio::buffer(buffer_);
    const size_t bytes =
        co_await socket_.async_read_some(space, asio::redirect_error(asio::use_awaitable, code));
    input_.append(buffer_.data(), bytes);
    while (!input_.empty() && !parser->complete()) {
      const size_t taken = parser->take(input_);
      input_.erase(0, taken);
      if (taken == 0) break;
    }
    if (code == asio::error::eof) parser->take_end();
  }
  fresh = !parser->started();
  reply.status = parser->status();
  if (!parser->complete()) {
    const bool ours = code && code != asio::error::eof;
    reply.failure = ours ? code.message() : parser->failure().value_or("the connection ended");
  }
  if (!parser->complete() || !parser->keep_alive()) close();
  co_return reply;
}

}  // namespace spyre::loadtest
