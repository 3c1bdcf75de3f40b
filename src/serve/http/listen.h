// The listening socket: an address or a path becomes a descriptor, and the ways in which that fails
// become words that name the setting. Nothing is accepted here.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "serve/http/server.h"

namespace spyre::serve::http {

// Owns a listening, non-blocking descriptor; of a Unix socket, its file as well.
class ListeningSocket {
 public:
  // options.host: a name, an IPv4 address, an IPv6 address with or without brackets; empty or
  // "0.0.0.0": every IPv4 interface; "::": every interface. Of a name's addresses the first IPv4
  // one is taken.
  static Result<ListeningSocket> open(const ServerOptions& options);

  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;
  ~ListeningSocket();

  int descriptor() const { return descriptor_; }
  uint16_t port() const { return port_; }  // 0 for a Unix socket
  bool is_unix() const { return port_ == 0; }
  void close();  // nobody can connect any more

 private:
  ListeningSocket() = default;
  static Result<ListeningSocket> open_tcp(const std::string& host, uint16_t port);
  static Result<ListeningSocket> open_unix(const std::string& path);

  int descriptor_ = -1;
  uint16_t port_ = 0;
  std::string unlink_at_end_;
};

}  // namespace spyre::serve::http
