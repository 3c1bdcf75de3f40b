#include "serve/http/stream.h"

#include <array>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <tuple>

namespace spyre::serve::http {

namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {
    ErrorCode ignored;
    std::ignore = socket_.non_blocking(true, ignored);
  }

  asio::awaitable<void> handshake(ErrorCode&) override { co_return; }

  asio::awaitable<size_t> read_some(asio::mutable_buffer into, ErrorCode& code) override {
    co_return co_await socket_.async_read_some(into,
                                               asio::redirect_error(asio::use_awaitable, code));
  }

  std::optional<int> descriptor() override { return socket_.native_handle(); }

  size_t try_write(std::string_view bytes) override {
    ErrorCode code;
    const size_t written = socket_.write_some(asio::buffer(bytes), code);
    return code ? 0 : written;
  }

  asio::awaitable<size_t> write_some(asio::const_buffer from, ErrorCode& code) override {
    co_return co_await socket_.async_write_some(from,
                                                asio::redirect_error(asio::use_awaitable, code));
  }

  asio::awaitable<void> finish() override { co_await shutdown_and_drain(); }

 private:
  Socket& socket() override { return socket_; }

  Socket socket_;
};

class TlsStream final : public Stream {
 public:
  TlsStream(Socket socket, asio::ssl::context& tls) : stream_(std::move(socket), tls) {}

  asio::awaitable<void> handshake(ErrorCode& code) override {
    co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                     asio::redirect_error(asio::use_awaitable, code));
  }

  asio::awaitable<size_t> read_some(asio::mutable_buffer into, ErrorCode& code) override {
    const size_t bytes =
        co_await stream_.async_read_some(into, asio::redirect_error(asio::use_awaitable, code));
    // A peer that closes without TLS's goodbye has ended all the same: HTTP has lengths.
    if (code == asio::ssl::error::stream_truncated) code = asio::error::eof;
    co_return bytes;
  }

  std::optional<int> descriptor() override { return std::nullopt; }

  size_t try_write(std::string_view) override { return 0; }

  asio::awaitable<size_t> write_some(asio::const_buffer from, ErrorCode& code) override {
    co_return co_await stream_.async_write_some(from,
                                                asio::redirect_error(asio::use_awaitable, code));
  }

  asio::awaitable<void> finish() override {
    ErrorCode ignored;
    co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
    co_await shutdown_and_drain();
  }

 private:
  Socket& socket() override { return stream_.next_layer(); }

  asio::ssl::stream<Socket> stream_;
};

}  // namespace

asio::awaitable<void> Stream::hung_up() {
  ErrorCode ignored;
  co_await socket().async_wait(Socket::wait_error,
                               asio::redirect_error(asio::use_awaitable, ignored));
}

void Stream::cancel() {
  ErrorCode ignored;
  std::ignore = socket().cancel(ignored);
}

void Stream::close() {
  ErrorCode ignored;
  std::ignore = socket().close(ignored);
}

bool Stream::is_open() { return socket().is_open(); }

asio::awaitable<void> Stream::shutdown_and_drain() {
  ErrorCode code;
  std::ignore = socket().shutdown(Socket::shutdown_send, code);
  std::array<char, 4096> bin;
  while (!code) {
    co_await socket().async_read_some(asio::buffer(bin),
                                      asio::redirect_error(asio::use_awaitable, code));
  }
}

std::unique_ptr<Stream> make_stream(Socket socket, asio::ssl::context* tls) {
  if (tls == nullptr) return std::make_unique<PlainStream>(std::move(socket));
  return std::make_unique<TlsStream>(std::move(socket), *tls);
}

}  // namespace spyre::serve::http
