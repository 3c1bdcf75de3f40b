// Any bytes are an answer to the load generator, the beginning of one or a failure, the same in one
// piece and byte by byte; what a stream of events or a whole answer
// says is read or named as wrong.
#include <fmt/format.h>

#include "base/result.h"
#include "loadtest/answer_reader.h"
#include "loadtest/response_parser.h"
#include "loadtest/whole_answer.h"

namespace {

std::string read(std::string_view text, size_t piece_bytes) {
  std::string body;
  spyre::loadtest::ResponseParser parser([&](std::string_view piece) { body += piece; });
  spyre::loadtest::AnswerReader reader([] { return 0.0; });
  std::string waiting;
  while (!text.empty()) {
    const size_t bytes = std::min(piece_bytes, text.size());
    waiting += text.substr(0, bytes);
    text.remove_prefix(bytes);
    while (const size_t taken = parser.take(waiting)) waiting.erase(0, taken);
  }
  parser.take_end();
  for (size_t at = 0; at < body.size(); at += piece_bytes) {
    reader.take(std::string_view(body).substr(at, piece_bytes));
  }
  const auto outcome = reader.finish(200, "", "");
  const auto in_one = spyre::loadtest::read_whole_answer(200, body, "", 1);
  SPYRE_CHECK(in_one.ok == in_one.error.empty());
  return fmt::format("{} {} {} {} {}", parser.complete(), parser.complete() ? body : "",
                     parser.complete() ? outcome.text : "", outcome.gaps.size(), outcome.ok);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string whole = read(text, size + 1);
  const std::string split = read(text, 1);
  SPYRE_CHECK(whole.starts_with("false") ? split.starts_with("false") : whole == split);
  return 0;
}
