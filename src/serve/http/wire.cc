#include "serve/http/wire.h"

#include <sys/socket.h>

#include "serve/http/response_head.h"

namespace spyre::serve::http {

std::string Wire::send(std::string_view piece) const {
  std::string frame = chunked_ ? chunk(piece) : std::string(piece);
  const ssize_t sent = ::send(descriptor_, frame.data(), frame.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) frame.erase(0, static_cast<size_t>(sent));
  return frame;
}

}  // namespace spyre::serve::http
