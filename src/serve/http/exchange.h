// One HTTP request and the way to answer it, without a word of the library that carries it and
// without a word of what is served. A handler gets an Exchange, and answers it whenever and from
// whichever thread it likes, once: whole, or as a stream of pieces.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spyre::serve::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // "GET"
  std::string path;    // decoded, without query: "/v1/models/x"
  std::string query;   // after "?", as it came
  Headers headers;
  std::string body;
  std::string id = {};          // its X-Request-Id, made harmless; else 32 random hex digits
  std::string path_value = {};  // what the {segment} or the /* of its route stood for, decoded
  std::string client = {};      // "127.0.0.1:5012", or "unix"

  // The first header of that name, whatever its case; empty when there is none.
  std::string_view header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string body = {};
  std::string content_type = "application/json";
  Headers headers = {};
};

// Thread-safe. Outlives its connection: what is sent after the client left is dropped.
class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual const Request& request() const = 0;
  const std::string& request_id() const { return request().id; }

  // Answers, once: later answers are dropped. An Exchange that is destroyed unanswered has answered
  // 500; one that is destroyed in mid-stream has its connection closed.
  virtual void send(Response response) = 0;

  // Or answers piece by piece: begin, write as often as wanted, end. Never blocks. write: false
  // when the client is gone, or so slow that more than the server's stream limit is unsent (the
  // connection is then closed): make no more. Pieces of an event stream are whole events, or the
  // server's comments would land inside one.
  virtual void begin(Response head) = 0;  // its body is the first piece
  virtual bool write(std::string_view piece) = 0;
  virtual void end() = 0;

  // Called once, on a thread of the server, when the client left before the answer was complete; at
  // once, on the caller's thread, when it already has. Set at most once.
  virtual void on_abandoned(std::function<void()> callback) = 0;
};

// Runs on the server's I/O thread: must be quick; longer work belongs on another thread, with the
// Exchange moved there. May not throw.
using Handler = std::function<void(std::shared_ptr<Exchange>)>;

}  // namespace spyre::serve::http
