#include "loadtest/response_parser.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

namespace spyre::loadtest {

namespace beast = boost::beast;
using beast::error_code;

namespace {
// The shortest end of a chunked body, "0\r\n\r\n": with less the parser cannot tell, and asserts
// so.
constexpr size_t kLeastChunkBytes = 5;
}  // namespace

class ResponseParser::Impl : public beast::http::basic_parser<false> {
 public:
  explicit Impl(std::function<void(std::string_view)> on_body) : on_body_(std::move(on_body)) {
    body_limit(boost::none);
    eager(true);
  }

  size_t take(std::string_view input) {
    if (failure_ || is_done() || input.empty()) return 0;
    const bool between_chunks = is_header_done() && chunked() && chunk_left_ == 0;
    if (between_chunks && input.size() < kLeastChunkBytes) return 0;
    error_code code;
    const size_t taken = put({input.data(), input.size()}, code);
    if (code && code != beast::http::error::need_more) failure_ = code.message();
    return taken;
  }

  void take_end() {
    if (failure_ || is_done()) return;
    error_code code = beast::http::error::partial_message;
    if (got_some()) put_eof(code);
    if (code) failure_ = code.message();
  }

  const std::optional<std::string>& failure() const { return failure_; }
  int status() const { return status_; }

 private:
  void on_request_impl(beast::http::verb, beast::string_view, beast::string_view, int,
                       error_code&) override {}
  void on_response_impl(int status, beast::string_view, int, error_code&) override {
    status_ = status;
  }
  void on_field_impl(beast::http::field, beast::string_view, beast::string_view,
                     error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
  size_t on_body_impl(beast::string_view body, error_code&) override {
    on_body_({body.data(), body.size()});
    return body.size();
  }
  void on_chunk_header_impl(uint64_t bytes, beast::string_view, error_code&) override {
    chunk_left_ = bytes;
  }
  size_t on_chunk_body_impl(uint64_t, beast::string_view body, error_code&) override {
    on_body_({body.data(), body.size()});
    chunk_left_ -= body.size();
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  const std::function<void(std::string_view)> on_body_;
  std::optional<std::string> failure_;
  int status_ = 0;
  uint64_t chunk_left_ = 0;  // bytes of the current chunk to come
};

ResponseParser::ResponseParser(std::function<void(std::string_view)> on_body)
    : impl_(std::make_unique<Impl>(std::move(on_body))) {}
ResponseParser::~ResponseParser() = default;

size_t ResponseParser::take(std::string_view input) { return impl_->take(input); }
void ResponseParser::take_end() { impl_->take_end(); }
bool ResponseParser::started() const { return impl_->got_some(); }
bool ResponseParser::complete() const { return !impl_->failure() && impl_->is_done(); }
const std::optional<std::string>& ResponseParser::failure() const { return impl_->failure(); }
int ResponseParser::status() const { return impl_->status(); }
bool ResponseParser::keep_alive() const { return impl_->keep_alive(); }

}  // namespace spyre::loadtest
