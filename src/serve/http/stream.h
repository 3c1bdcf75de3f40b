// A connected socket, plain or under TLS, as a pair of read and write that a coroutine waits for.
// Everything here runs on the I/O thread. Knows no HTTP.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <memory>
#include <optional>
#include <string_view>

namespace boost::asio::ssl {
class context;
}

namespace spyre::serve::http {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;

class Stream {
 public:
  virtual ~Stream() = default;

  virtual asio::awaitable<void> handshake(ErrorCode& code) = 0;
  // At least one byte, or an error; asio::error::eof when the peer sends no more.
  virtual asio::awaitable<size_t> read_some(asio::mutable_buffer into, ErrorCode& code) = 0;
  // The socket, where its bytes are those of HTTP; none under TLS.
  virtual std::optional<int> descriptor() = 0;
  // What goes out without waiting; 0 is no error. Saves most answers the way over the event loop.
  virtual size_t try_write(std::string_view bytes) = 0;
  virtual asio::awaitable<size_t> write_some(asio::const_buffer from, ErrorCode& code) = 0;
  // Tells the peer that nothing more is coming, then reads and forgets what it sends until it ends:
  // closing with unread bytes would make the kernel throw away what the peer has not read yet. May
  // last for ever: bound it by close().
  virtual asio::awaitable<void> finish() = 0;

  // Returns when the connection is broken, or closed at both ends: the peer reads no more.
  asio::awaitable<void> hung_up();
  void cancel();  // all of the above end with an error
  void close();
  bool is_open();

 protected:
  asio::awaitable<void> shutdown_and_drain();
  virtual Socket& socket() = 0;
};

// tls: none for a plain stream; outlives it.
std::unique_ptr<Stream> make_stream(Socket socket, asio::ssl::context* tls);

}  // namespace spyre::serve::http
