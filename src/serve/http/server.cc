// The accept loop, the I/O thread, and the set of open connections.
#include "serve/http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <thread>
#include <unordered_set>

#include "base/log.h"
#include "base/short_slices.h"
#include "serve/http/connection.h"
#include "serve/http/gate.h"
#include "serve/http/listen.h"
#include "serve/http/tls.h"

namespace spyre::serve::http {

namespace {

constexpr int64_t kRefusedAtOnce = 64;  // connections over the limit that are told so
constexpr std::chrono::milliseconds kAcceptPause{100};  // when there are no descriptors left

std::string client_name(const sockaddr_storage& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& ip = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &ip.sin_addr, text.data(), text.size());
    return fmt::format("{}:{}", text.data(), ntohs(ip.sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto& ip = reinterpret_cast<const sockaddr_in6&>(address);
    inet_ntop(AF_INET6, &ip.sin6_addr, text.data(), text.size());
    return fmt::format("[{}]:{}", text.data(), ntohs(ip.sin6_port));
  }
  return "unix";
}

class BeastServer final : public Server {
 public:
  BeastServer(Gate gate, ListeningSocket listening, std::shared_ptr<asio::ssl::context> tls)
      : gate_(std::move(gate)),
        listening_(std::move(listening)),
        tls_(std::move(tls)),
        acceptor_(io_, listening_.descriptor()),
        accept_timer_(io_),
        grace_timer_(io_) {
    asio::co_spawn(io_, [this] { return accept_all(); }, asio::detached);
    thread_ = std::thread([this] { run(); });
  }

  ~BeastServer() override { BeastServer::stop(std::chrono::milliseconds(0)); }

  uint16_t port() const override { return listening_.port(); }
  int64_t open_connections() const override { return open_.load(std::memory_order_relaxed); }

  void stop(std::chrono::milliseconds grace) override {
    if (!thread_.joinable()) return;
    asio::post(io_, [this, grace] { begin_stop(grace); });
    thread_.join();
  }

 private:
  void run() {
    pthread_setname_np(pthread_self(), "spyre-http");
    ask_for_short_slices();
    while (true) {
      try {
        io_.run();
        return;
      } catch (const std::exception& exception) {
        // Of a library, out of memory among them: it ended one connection, which is in no set of
        // ours any more; the others go on.
        log::error("http: {}", exception.what());
      }
    }
  }

  // The thread ends when nothing is left to wait for.
  void begin_stop(std::chrono::milliseconds grace) {
    stopping_ = true;
    acceptor_.release();  // ends its wait; the descriptor is listening_'s
    listening_.close();
    accept_timer_.cancel();
    for (const auto& each : connections_) each->drain();
    grace_timer_.expires_after(grace);
    grace_timer_.async_wait([this](ErrorCode code) {
      if (code) return;
      const auto left = connections_;
      for (const auto& each : left) each->cut();
    });
    if (connections_.empty()) grace_timer_.cancel();
  }

  asio::awaitable<void> accept_all() {
    while (!stopping_) {
      ErrorCode ignored;
      co_await acceptor_.async_wait(asio::posix::stream_descriptor::wait_read,
                                    asio::redirect_error(asio::use_awaitable, ignored));
      while (!stopping_ && accept_one()) {
      }
      if (stopping_) co_return;
      if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) continue;
      log::warn("http: cannot accept a connection: {}", std::generic_category().message(errno));
      accept_timer_.expires_after(kAcceptPause);
      co_await accept_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

  // False, with errno, when there is none to accept.
  bool accept_one() {
    sockaddr_storage address{};
    socklen_t bytes = sizeof(address);
    const int descriptor = accept4(listening_.descriptor(), reinterpret_cast<sockaddr*>(&address),
                                   &bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return false;
    const int family = listening_.is_unix() ? AF_UNIX : address.ss_family;
    if (!listening_.is_unix()) {
      const int on = 1;
      setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    }
    Socket socket(io_, asio::generic::stream_protocol(family, 0), descriptor);
    const int64_t limit = gate_.options().max_connections;
    const auto open = static_cast<int64_t>(connections_.size());
    const bool over = open >= limit;
    if (over && (tls_ || open >= limit + kRefusedAtOnce)) return true;  // closes it
    auto connection = std::make_shared<Connection>(
        io_, make_stream(std::move(socket), tls_.get()),
        listening_.is_unix() ? std::string("unix") : client_name(address), gate_);
    connections_.insert(connection);
    count();
    asio::co_spawn(
        io_, [connection, over] { return over ? connection->refuse() : connection->run(); },
        [this, connection](const std::exception_ptr& failure) { ended(connection, failure); });
    return true;
  }

  void ended(const std::shared_ptr<Connection>& connection, const std::exception_ptr& failure) {
    if (failure) connection->cut();
    connections_.erase(connection);
    count();
    if (stopping_ && connections_.empty()) grace_timer_.cancel();
  }

  void count() {
    open_.store(static_cast<int64_t>(connections_.size()), std::memory_order_relaxed);
  }

  const Gate gate_;
  ListeningSocket listening_;
  const std::shared_ptr<asio::ssl::context> tls_;
  asio::io_context io_{1};
  // All below belong to the I/O thread.
  asio::posix::stream_descriptor acceptor_;
  asio::steady_timer accept_timer_;
  asio::steady_timer grace_timer_;
  bool stopping_ = false;
  std::unordered_set<std::shared_ptr<Connection>> connections_;
  // Except these.
  std::atomic<int64_t> open_ = 0;  // connections_.size(), for whoever asks
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::start(ServerOptions options, std::vector<Route> routes) {
  std::shared_ptr<asio::ssl::context> tls;
  if (options.tls) {
    SPYRE_TRY_ASSIGN(tls, make_tls_context(*options.tls));
  }
  SPYRE_TRY_ASSIGN(Gate gate, Gate::create(options, std::move(routes)));
  SPYRE_TRY_ASSIGN(ListeningSocket listening, ListeningSocket::open(options));
  return std::make_unique<BeastServer>(std::move(gate), std::move(listening), std::move(tls));
}

}  // namespace spyre::serve::http
