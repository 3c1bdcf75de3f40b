// The socket of a connection, lent to the thread that answers: a piece of a stream then goes out at
// once, on that thread, instead of waking another one for it. Where every core computes, that other
// thread would have to be let in first, for each token.
#pragma once

#include <string>
#include <string_view>

namespace spyre::serve::http {

class Wire {
 public:
  // descriptor: a connected socket; the lender keeps it open. chunked: pieces are framed as chunks.
  Wire(int descriptor, bool chunked) : descriptor_(descriptor), chunked_(chunked) {}

  // Sends the piece, framed, without waiting. Returns what did not go out, which must be the next
  // bytes on the socket: nothing, or all that the kernel did not take. A broken connection takes
  // nothing: whoever sends the rest finds out.
  std::string send(std::string_view piece) const;

 private:
  int descriptor_;
  bool chunked_;
};

}  // namespace spyre::serve::http
