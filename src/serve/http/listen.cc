#include "serve/http/listen.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

namespace spyre::serve::http {

namespace {

constexpr int kWaitingConnections = 1024;  // accepted by the kernel, not yet by us
constexpr int kFlags = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

std::string words(int number) { return std::generic_category().message(number); }

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Result<Addresses> resolve(std::string host, uint16_t port) {
  if (host.empty()) host = "0.0.0.0";
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int failure = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  Addresses owner(list);
  if (failure != 0 || !owner) {
    return error(Code::kInvalidArgument,
                 "--host: wanted a name or an address of this machine, found '{}': {}", host,
                 gai_strerror(failure));
  }
  return owner;
}

const addrinfo& preferred(const addrinfo& list) {
  for (const addrinfo* each = &list; each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET) return *each;
  }
  return list;
}

uint16_t bound_port(int descriptor) {
  sockaddr_storage address{};
  socklen_t bytes = sizeof(address);
  getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &bytes);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port
                   : reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

std::string_view remedy(int number) {
  switch (number) {
    case EADDRINUSE:
      return "choose another --port, or end the program that listens there";
    case EACCES:
      return "choose a --port from 1024 on";
    default:
      return "choose another --host";
  }
}

// Whether somebody answers at the socket file.
bool is_served(const sockaddr_un& address) {
  const int probe = ::socket(AF_UNIX, kFlags, 0);
  if (probe < 0) return false;
  const int result = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int number = errno;
  ::close(probe);
  return result == 0 || number == EAGAIN || number == EINPROGRESS;
}

// Makes room at `path`: a socket file that nobody serves is left over from a killed server.
Status clear_path(const std::string& path, const sockaddr_un& address) {
  struct stat found{};
  if (lstat(path.c_str(), &found) != 0) return {};
  if (!S_ISSOCK(found.st_mode)) {
    return error(Code::kIo, "--uds: {} exists and is no socket; it stays, choose another path",
                 path);
  }
  if (is_served(address)) {
    return error(Code::kIo, "--uds: another server listens at {}; choose another path", path);
  }
  if (unlink(path.c_str()) != 0) {
    return error(Code::kIo, "--uds: cannot remove the stale socket {}: {}", path, words(errno));
  }
  return {};
}

}  // namespace

Result<ListeningSocket> ListeningSocket::open(const ServerOptions& options) {
  return options.uds.empty() ? open_tcp(options.host, options.port) : open_unix(options.uds);
}

Result<ListeningSocket> ListeningSocket::open_tcp(const std::string& host, uint16_t port) {
  SPYRE_TRY_ASSIGN(const Addresses addresses, resolve(host, port));
  const addrinfo& address = preferred(*addresses);
  ListeningSocket listening;
  listening.descriptor_ = ::socket(address.ai_family, kFlags, address.ai_protocol);
  const int on = 1;
  const int off = 0;
  bool ok = listening.descriptor_ >= 0;
  if (ok) {
    setsockopt(listening.descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address.ai_family == AF_INET6) {
      setsockopt(listening.descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    }
    ok = ::bind(listening.descriptor_, address.ai_addr, address.ai_addrlen) == 0 &&
         ::listen(listening.descriptor_, kWaitingConnections) == 0;
  }
  if (!ok) {
    const int number = errno;
    return error(Code::kIo, "cannot listen on {}, port {}: {}; {}", host.empty() ? "0.0.0.0" : host,
                 port, words(number), remedy(number));
  }
  listening.port_ = bound_port(listening.descriptor_);
  return listening;
}

Result<ListeningSocket> ListeningSocket::open_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return error(Code::kInvalidArgument, "--uds: wanted a path of at most {} bytes, found {}",
                 sizeof(address.sun_path) - 1, path.size());
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  SPYRE_TRY(clear_path(path, address));
  ListeningSocket listening;
  listening.descriptor_ = ::socket(AF_UNIX, kFlags, 0);
  const bool bound = listening.descriptor_ >= 0 &&
                     ::bind(listening.descriptor_, reinterpret_cast<const sockaddr*>(&address),
                            sizeof(address)) == 0;
  if (bound) listening.unlink_at_end_ = path;
  if (!bound || ::listen(listening.descriptor_, kWaitingConnections) != 0) {
    return error(Code::kIo, "--uds: cannot listen at {}: {}; choose another path", path,
                 words(errno));
  }
  return listening;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      port_(other.port_),
      unlink_at_end_(std::exchange(other.unlink_at_end_, {})) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(port_, other.port_);
  std::swap(unlink_at_end_, other.unlink_at_end_);
  return *this;
}

ListeningSocket::~ListeningSocket() { close(); }

void ListeningSocket::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!unlink_at_end_.empty()) unlink(std::exchange(unlink_at_end_, {}).c_str());
}

}  // namespace spyre::serve::http
