#include "serve/http/request_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

#include "serve/http/text.h"

namespace spyre::serve::http {

namespace beast = boost::beast;
using beast::error_code;

namespace {

constexpr size_t kMaxChunkHeaderBytes = 4096;
// The shortest end of a chunked body, "0\r\n\r\n": with less the parser cannot tell, and asserts
// so.
constexpr size_t kLeastChunkBytes = 5;
constexpr uint64_t kReserveAtMost = uint64_t{1} << 20;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

ParseFailure failure_of(const error_code& code) {
  using beast::http::error;
  if (code == error::body_limit) return {413, "the body is too long"};
  if (code == error::header_limit) return {431, "the headers are too long"};
  if (code == error::bad_version) return {400, "wanted HTTP/1.1 or HTTP/1.0"};
  return {400, "not a request: " + code.message()};
}

}  // namespace

class RequestParser::Impl : public beast::http::basic_parser<true> {
 public:
  explicit Impl(const ParseLimits& limits) : limits_(limits) {
    header_limit(static_cast<uint32_t>(
        std::min<int64_t>(limits.max_header_bytes, std::numeric_limits<uint32_t>::max())));
    body_limit(static_cast<uint64_t>(limits.max_body_bytes));
    eager(false);
  }

  size_t take(std::string_view input) {
    if (failure_ || is_done()) return 0;
    const bool in_head = !is_header_done();
    const bool between_chunks = !in_head && chunked() && chunk_left_ == 0;
    if (between_chunks && input.size() < kLeastChunkBytes) return 0;
    error_code code;
    const size_t taken = put({input.data(), input.size()}, code);
    if (in_head) count_head(taken, input.size());
    // A size and its extensions; what follows the last chunk may be trailers, as long as headers.
    const bool stuck = !in_head && taken == 0 && input.size() > kMaxChunkHeaderBytes;
    if (code == beast::http::error::need_more) {
      if (stuck && static_cast<int64_t>(input.size()) > limits_.max_header_bytes) {
        fail(431, "the trailers are too long");
      }
      if (stuck && input.substr(2, kMaxChunkHeaderBytes).find('\n') == std::string_view::npos) {
        fail(400, "a chunk's header is too long");
      }
    } else if (code && !failure_) {
      failure_ = failure_of(code);
    }
    return taken;
  }

  const std::optional<ParseFailure>& failure() const { return failure_; }
  Request& request() { return request_; }
  const std::string& target() const { return target_; }
  bool http_1_0() const { return http_1_0_; }
  bool expects_continue() const { return expects_continue_; }

 private:
  void fail(int status, std::string message) {
    if (!failure_) failure_ = ParseFailure{status, std::move(message)};
  }

  // The parser's own limit is per line when lines come one by one.
  void count_head(size_t taken, size_t given) {
    head_bytes_ += static_cast<int64_t>(taken);
    const int64_t waiting = is_header_done() ? 0 : static_cast<int64_t>(given - taken);
    if (head_bytes_ + waiting > limits_.max_header_bytes) fail(431, "the headers are too long");
  }

  void refuse(error_code& code, int status, std::string message) {
    fail(status, std::move(message));
    code = beast::http::error::bad_field;
  }

  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int version, error_code&) override {
    request_.method = view(method);
    target_ = view(target);
    http_1_0_ = version < 11;
  }

  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code& code) override {
    if (++fields_ > limits_.max_header_count) return refuse(code, 431, "too many headers");
    if (is_header_done()) return;  // a trailer: nothing of ours reads any
    if (equal_ignoring_case(view(name), "Transfer-Encoding")) {
      if (http_1_0_ || !equal_ignoring_case(view(value), "chunked")) {
        return refuse(code, 400, "Transfer-Encoding: wanted chunked, in HTTP/1.1");
      }
    }
    if (equal_ignoring_case(view(name), "Host")) {
      ++hosts_;
      const bool odd = view(value).find_first_of(" \t/?#@,") != std::string_view::npos;
      if (odd) return refuse(code, 400, "Host: wanted a name and perhaps a port");
    }
    request_.headers.emplace_back(view(name), view(value));
  }

  void on_header_impl(error_code& code) override {
    if (hosts_ > 1 || (hosts_ == 0 && !http_1_0_)) {
      return refuse(code, 400, "wanted one Host header");
    }
    const std::string_view expect = request_.header("Expect");
    if (!expect.empty() && !http_1_0_) {
      if (!equal_ignoring_case(expect, "100-continue")) {
        return refuse(code, 417, "Expect: wanted 100-continue");
      }
      expects_continue_ = true;
    }
  }

  void on_body_init_impl(const boost::optional<uint64_t>& content_length, error_code&) override {
    if (content_length) request_.body.reserve(std::min(*content_length, kReserveAtMost));
  }

  size_t on_body_impl(beast::string_view body, error_code&) override {
    request_.body += view(body);
    return body.size();
  }

  void on_chunk_header_impl(uint64_t bytes, beast::string_view, error_code&) override {
    chunk_left_ = bytes;
  }

  size_t on_chunk_body_impl(uint64_t, beast::string_view body, error_code&) override {
    request_.body += view(body);
    chunk_left_ -= body.size();
    return body.size();
  }

  void on_finish_impl(error_code&) override {}

  void on_response_impl(int, beast::string_view, int, error_code&) override {}

  const ParseLimits limits_;
  std::optional<ParseFailure> failure_;
  Request request_;
  std::string target_;
  bool http_1_0_ = false;
  bool expects_continue_ = false;
  int64_t head_bytes_ = 0;
  int64_t fields_ = 0;
  int hosts_ = 0;
  uint64_t chunk_left_ = 0;  // bytes of the current chunk to come
};

RequestParser::RequestParser(const ParseLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
RequestParser::~RequestParser() = default;

size_t RequestParser::take(std::string_view input) { return impl_->take(input); }
const std::optional<ParseFailure>& RequestParser::failure() const { return impl_->failure(); }
bool RequestParser::head_complete() const { return !failure() && impl_->is_header_done(); }
bool RequestParser::complete() const { return !failure() && impl_->is_done(); }
Request& RequestParser::request() { return impl_->request(); }
const std::string& RequestParser::target() const { return impl_->target(); }
bool RequestParser::http_1_0() const { return impl_->http_1_0(); }
bool RequestParser::keep_alive() const { return impl_->keep_alive(); }
bool RequestParser::expects_continue() const { return impl_->expects_continue(); }

}  // namespace spyre::serve::http
