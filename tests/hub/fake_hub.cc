#include "hub/fake_hub.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "hub/digest.h"

namespace spyre::hub {

namespace {

constexpr int kPollMs = 20;

// The head of a request, empty when the client left.
std::string read_head(int connection) {
  std::string head;
  char byte = 0;
  while (!head.ends_with("\r\n\r\n") && recv(connection, &byte, 1, 0) == 1) head += byte;
  return head;
}

SeenRequest parse_head(const std::string& head) {
  SeenRequest request;
  const size_t first = head.find(' ');
  request.path = head.substr(first + 1, head.find(' ', first + 1) - first - 1);
  for (size_t line = head.find("\r\n") + 2; line < head.size() - 2;) {
    const size_t end = head.find("\r\n", line);
    const size_t colon = head.find(": ", line);
    std::string name = head.substr(line, colon - line);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    request.headers[name] = head.substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
  return request;
}

void send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

std::string checksum(const std::string& content, bool large) {
  Digest digest(std::string(large ? 64 : 40, '0'), static_cast<int64_t>(content.size()));
  digest.update(std::as_bytes(std::span(content)));
  return digest.finish();
}

}  // namespace

FakeHub::FakeHub() {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  SPYRE_CHECK(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  SPYRE_CHECK(listen(listener_, 16) == 0);
  socklen_t bytes = sizeof address;
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes);
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
}

FakeHub::~FakeHub() {
  thread_.request_stop();
  thread_.join();
  close(listener_);
}

std::string FakeHub::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

void FakeHub::add(const std::string& path, const std::string& content, bool large) {
  const std::scoped_lock lock(mutex_);
  files_[path] = {content, large};
}

void FakeHub::intercept(std::function<std::optional<Answer>(const SeenRequest&)> intercept) {
  const std::scoped_lock lock(mutex_);
  intercept_ = std::move(intercept);
}

std::vector<SeenRequest> FakeHub::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

std::vector<SeenRequest> FakeHub::downloads() const {
  std::vector<SeenRequest> all = requests();
  std::erase_if(all, [](const SeenRequest& each) { return each.path.starts_with("/api/"); });
  return all;
}

std::string FakeHub::listing() const {
  Json siblings = Json::array();
  for (const auto& [path, file] : files_) {
    Json entry = {{"rfilename", path},
                  {"size", file.content.size()},
                  {"blobId", checksum(file.content, false)}};
    if (file.large) {
      entry["lfs"] = {{"sha256", checksum(file.content, true)},
                      {"size", file.content.size()},
                      {"pointerSize", 134}};
    }
    siblings.push_back(entry);
  }
  return Json{{"id", "org/name"}, {"sha", kCommit}, {"siblings", siblings}}.dump();
}

Answer FakeHub::usual(const SeenRequest& request) const {
  const std::scoped_lock lock(mutex_);
  if (request.path.starts_with("/api/models/org/name/revision/")) return {.body = listing()};
  const std::string prefix = fmt::format("/org/name/resolve/{}/", kCommit);
  const auto file = request.path.starts_with(prefix)
                        ? files_.find(request.path.substr(prefix.size()))
                        : files_.end();
  if (file == files_.end()) return {.status = 404, .headers = {"X-Error-Code: RepoNotFound"}};
  const std::string& content = file->second.content;
  const auto range = request.headers.find("range");
  if (range == request.headers.end()) return {.body = content};
  const size_t first = std::stoul(range->second.substr(6));
  return {.status = 206,
          .headers = {fmt::format("Content-Range: bytes {}-{}/{}", first, content.size() - 1,
                                  content.size())},
          .body = content.substr(first)};
}

void FakeHub::serve(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    pollfd waiting{listener_, POLLIN, 0};
    if (poll(&waiting, 1, kPollMs) != 1) continue;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    answer(connection, stop);
    close(connection);
  }
}

void FakeHub::answer(int connection, const std::stop_token& stop) {
  const std::string head = read_head(connection);
  if (head.empty()) return;
  const SeenRequest request = parse_head(head);
  std::function<std::optional<Answer>(const SeenRequest&)> intercept;
  {
    const std::scoped_lock lock(mutex_);
    requests_.push_back(request);
    intercept = intercept_;
  }
  std::optional<Answer> special = intercept ? intercept(request) : std::nullopt;
  const Answer reply = special ? std::move(*special) : usual(request);
  if (reply.silent) {
    pollfd left{connection, POLLIN, 0};
    while (!stop.stop_requested() && poll(&left, 1, kPollMs) == 0) continue;
    return;
  }
  std::string text = fmt::format("HTTP/1.1 {} x\r\nConnection: close\r\nContent-Length: {}\r\n",
                                 reply.status, reply.body.size());
  for (const std::string& line : reply.headers) text += line + "\r\n";
  send_all(connection, text + "\r\n");
  send_all(connection,
           std::string_view(reply.body).substr(0, reply.cut.value_or(reply.body.size())));
}

}  // namespace spyre::hub
