// Reads one streamed answer of an OpenAI server: when its pieces came, its text, its token counts.
// Time is passed in; the connection is somebody else's.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "loadtest/outcome.h"
#include "loadtest/sse_parser.h"

namespace spyre::loadtest {

class AnswerReader {
 public:
  // now: seconds since the request was sent. The outcome gets all but start and queued.
  explicit AnswerReader(std::function<double()> now);

  void take(std::string_view body);  // of an answer with status 200
  // No more comes. status: of the answer; body: of one that is not 200. Failed: what went wrong
  // with the connection, or empty.
  Outcome finish(int status, std::string_view body, std::string_view failure);

 private:
  void take_event(std::string_view data);

  std::function<double()> now_;
  SseParser events_;
  Outcome outcome_;
  int64_t pieces_ = 0;
  double last_piece_ = 0;
  bool done_ = false;
};

}  // namespace spyre::loadtest
