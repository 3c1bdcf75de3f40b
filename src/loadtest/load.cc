#include "loadtest/load.h"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>
#include <thread>

#include "loadtest/answer_reader.h"
#include "loadtest/connection.h"
#include "loadtest/whole_answer.h"

namespace spyre::loadtest {

namespace {

using Clock = std::chrono::steady_clock;
using Addresses = asio::ip::tcp::resolver::results_type;

constexpr std::chrono::milliseconds kStopCheck{100};
constexpr std::chrono::milliseconds kReadyCheck{250};
constexpr double kProbeSeconds = 30;

std::string request_bytes(const Target& target, const std::string& endpoint,
                          const std::string& body) {
  std::string head = fmt::format("{} {}{} HTTP/1.1\r\nHost: {}\r\n", body.empty() ? "GET" : "POST",
                                 target.url.path, endpoint, target.url.authority());
  for (const auto& [name, value] : target.headers) head += fmt::format("{}: {}\r\n", name, value);
  if (!body.empty()) {
    head += fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", body.size());
  }
  return head + "\r\n" + body;
}

Result<Addresses> resolve(asio::io_context& io, const Url& url) {
  asio::ip::tcp::resolver resolver(io);
  boost::system::error_code code;
  Addresses addresses = resolver.resolve(url.host, url.port, code);
  if (!code) return addresses;
  return error(Code::kUnavailable, "cannot find {}: {}; see --base-url, --host and --port",
               url.host, code.message());
}

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

class Load {
 public:
  Load(asio::io_context& io, const Addresses& addresses, const LoadOptions& options,
       const std::vector<Prompt>& prompts, const std::function<void(int64_t)>& on_done,
       const std::function<bool()>& stop)
      : io_(io),
        addresses_(addresses),
        options_(options),
        prompts_(prompts),
        on_done_(on_done),
        stop_(stop),
        arrivals_(arrival_seconds(options.arrivals, static_cast<int64_t>(prompts.size()))),
        arrival_timer_(io),
        stop_timer_(io) {
    result_.outcomes.resize(prompts.size());
  }

  LoadResult run() {
    start_ = Clock::now();
    asio::co_spawn(io_, [this] { return watch_stop(); }, asio::detached);
    asio::co_spawn(io_, [this] { return send_all(); }, asio::detached);
    io_.run();
    result_.seconds = seconds_between(start_, last_answer_);
    if (stopped_) {
      std::erase_if(result_.outcomes,
                    [](const Outcome& each) { return !each.ok && each.error.empty(); });
    }
    return std::move(result_);
  }

 private:
  double now() const { return seconds_between(start_, Clock::now()); }
  bool complete() const { return done_ == static_cast<int64_t>(prompts_.size()); }

  asio::awaitable<void> watch_stop() {
    boost::system::error_code ignored;
    while (!complete()) {
      if (stop_()) {
        stopped_ = true;
        last_answer_ = Clock::now();
        io_.stop();
      }
      stop_timer_.expires_after(kStopCheck);
      co_await stop_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  }

  asio::awaitable<void> send_all() {
    boost::system::error_code ignored;
    for (size_t index = 0; index < prompts_.size(); ++index) {
      if (arrivals_[index] > 0) {
        arrival_timer_.expires_at(start_ + std::chrono::duration_cast<Clock::duration>(
                                               std::chrono::duration<double>(arrivals_[index])));
        co_await arrival_timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      }
      due_.push_back(index);
      send_due();
    }
  }

  // A slot frees: the request that waits longest gets it.
  void send_due() {
    while (!due_.empty() && (!options_.max_concurrency || under_way_ < *options_.max_concurrency)) {
      const size_t index = due_.front();
      due_.pop_front();
      ++under_way_;
      result_.peak_concurrency = std::max(result_.peak_concurrency, under_way_);
      asio::co_spawn(io_, [this, index] { return send(index); }, asio::detached);
    }
  }

  asio::awaitable<void> send(size_t index) {
    std::unique_ptr<Connection> connection = idle_connection();
    const std::string body = request_body(options_.fields, prompts_[index])
                                 .dump(-1, ' ', false, Json::error_handler_t::replace);
    const std::string bytes = request_bytes(options_.target, options_.target.endpoint, body);
    const Clock::time_point sent = Clock::now();
    const double turn = arrivals_[index];
    AnswerReader reader([sent] { return seconds_between(sent, Clock::now()); });
    const bool streams = generates(options_.fields.api);
    std::function<void(std::string_view)> on_body = nullptr;
    if (streams) on_body = [&](std::string_view piece) { reader.take(piece); };
    const double timeout = options_.target.timeout_seconds;
    Reply reply = co_await connection->ask(bytes, std::move(on_body), timeout);
    last_answer_ = Clock::now();
    Outcome& outcome = result_.outcomes[index];
    outcome = streams ? reader.finish(reply.status, reply.body, reply.failure)
                      : read_whole_answer(reply.status, reply.body, reply.failure,
                                          seconds_between(sent, last_answer_));
    if (outcome.input_tokens == 0) outcome.input_tokens = prompts_[index].prompt_tokens;
    outcome.start = seconds_between(start_, sent);
    outcome.queued = std::max(0.0, outcome.start - turn);
    idle_.push_back(std::move(connection));
    --under_way_;
    ++done_;
    on_done_(done_);
    if (complete()) stop_timer_.cancel();
    send_due();
  }

  std::unique_ptr<Connection> idle_connection() {
    if (idle_.empty()) return std::make_unique<Connection>(io_, addresses_);
    std::unique_ptr<Connection> connection = std::move(idle_.back());
    idle_.pop_back();
    return connection;
  }

  asio::io_context& io_;
  const Addresses& addresses_;
  const LoadOptions& options_;
  const std::vector<Prompt>& prompts_;
  const std::function<void(int64_t)>& on_done_;
  const std::function<bool()>& stop_;
  const std::vector<double> arrivals_;
  asio::steady_timer arrival_timer_;
  asio::steady_timer stop_timer_;
  Clock::time_point start_;
  Clock::time_point last_answer_;
  std::deque<size_t> due_;  // their turn came, no slot was free
  std::vector<std::unique_ptr<Connection>> idle_;
  int64_t under_way_ = 0;
  int64_t done_ = 0;
  bool stopped_ = false;
  LoadResult result_;
};

}  // namespace

Result<LoadResult> run_load(const LoadOptions& options, const std::vector<Prompt>& prompts,
                            const std::function<void(int64_t)>& on_done,
                            const std::function<bool()>& stop) {
  if (prompts.empty()) return LoadResult{};
  asio::io_context io{1};
  SPYRE_TRY_ASSIGN(const Addresses addresses, resolve(io, options.target.url));
  // What a stopped run leaves in the context ends before what it points to.
  const auto load = std::make_unique<Load>(io, addresses, options, prompts, on_done, stop);
  return load->run();
}

namespace {

// One request and its answer; errors as those of ask_once() and ask_streaming().
Result<Reply> ask(const Target& target, const std::string& endpoint, const std::string& body,
                  const std::function<void(std::string_view)>& on_body, double timeout,
                  const std::function<bool()>& stop) {
  asio::io_context io{1};
  SPYRE_TRY_ASSIGN(const Addresses addresses, resolve(io, target.url));
  Connection connection(io, addresses);
  const std::string bytes = request_bytes(target, endpoint, body);
  Reply reply;
  asio::co_spawn(
      io, [&] { return connection.ask(bytes, on_body, timeout); },
      [&reply](const std::exception_ptr&, Reply given) { reply = std::move(given); });
  bool stopped = false;
  while (!io.stopped()) {
    io.run_for(kStopCheck);
    if (!stop || !stop()) continue;
    stopped = true;
    connection.close();
  }
  if (stopped) return error(Code::kCancelled, "stopped while the server answered");
  const std::string where =
      fmt::format("http://{}{}{}", target.url.authority(), target.url.path, endpoint);
  if (!reply.failure.empty()) {
    return error(Code::kUnavailable, "{}: {}; is the server running? See --base-url", where,
                 reply.failure);
  }
  if (reply.status != 200) {
    return error(Code::kIo, "{}: HTTP {}: {}{}", where, reply.status, reply.body.substr(0, 300),
                 reply.status == 401 ? "; see --api-key" : "");
  }
  return reply;
}

}  // namespace

Result<std::string> ask_once(const Target& target, const std::string& endpoint,
                             const std::string& body) {
  SPYRE_TRY_ASSIGN(Reply reply, ask(target, endpoint, body, nullptr, kProbeSeconds, nullptr));
  return std::move(reply.body);
}

Status ask_streaming(const Target& target, const std::string& body,
                     const std::function<void(std::string_view)>& on_body,
                     const std::function<bool()>& stop) {
  SPYRE_TRY(ask(target, target.endpoint, body, on_body, target.timeout_seconds, stop));
  return {};
}

Status wait_until_ready(const Target& target, const std::string& endpoint, double seconds,
                        const std::function<bool()>& stop) {
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  while (true) {
    const auto answer = ask_once(target, endpoint, "");
    if (answer) return {};
    if (stop()) return error(Code::kCancelled, "stopped while waiting for the server");
    if (Clock::now() >= deadline) {
      return error(Code::kDeadlineExceeded, "the server is not ready after {} s: {}", seconds,
                   answer.error().message);
    }
    std::this_thread::sleep_for(kReadyCheck);
  }
}

}  // namespace spyre::loadtest
