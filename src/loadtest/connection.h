// One kept connection to the server, for one request after the other. Runs on the I/O thread of its
// context; knows HTTP/1.1's bytes, not what they say.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "loadtest/url.h"

namespace spyre::loadtest {

namespace asio = boost::asio;

struct Reply {
  int status = 0;
  std::string body;     // of an answer that is not 200, and of one that nobody listens to
  std::string failure;  // what went wrong with the connection; empty: nothing
};

class Connection {
 public:
  // addresses: of the server; outlives the connection.
  Connection(asio::io_context& io, const asio::ip::tcp::resolver::results_type& addresses)
      : addresses_(addresses), socket_(io), timer_(io) {}

  // Sends `request` and reads the answer; on_body, when there is one, gets the body of a 200 as it
  // comes. A connection that the server closed since the last answer is made anew. timeout: of the
  // whole, in seconds.
  asio::awaitable<Reply> ask(const std::string& request,
                             std::function<void(std::string_view)> on_body, double timeout);
  // Ends what ask() is at; it returns with a failure.
  void close();

 private:
  using ErrorCode = boost::system::error_code;

  asio::awaitable<void> connect(ErrorCode& code);
  // fresh: nothing of the answer had come when it failed.
  asio::awaitable<Reply> attempt(const std::string& request,
                                 const std::function<void(std::string_view)>& on_body, bool& fresh);

  const asio::ip::tcp::resolver::results_type& addresses_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  bool timed_out_ = false;
  std::string input_;
  std::array<char, 16384> buffer_;
};

}  // namespace spyre::loadtest
