#include "serve/http/raw_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace spyre::serve::http {

RawClient RawClient::to_port(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  RawClient client(::socket(AF_INET, SOCK_STREAM, 0));
  if (::connect(client.descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    client.close();
  }
  return client;
}

RawClient RawClient::to_unix_socket(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
  RawClient client(::socket(AF_UNIX, SOCK_STREAM, 0));
  if (::connect(client.descriptor_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    client.close();
  }
  return client;
}

RawClient::RawClient(RawClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), input_(std::move(other.input_)) {}

RawClient::~RawClient() { close(); }

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

void RawClient::end_sending() { ::shutdown(descriptor_, SHUT_WR); }

void RawClient::close() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void RawClient::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  close();
}

bool RawClient::fill() {
  std::array<char, 65536> buffer;
  const ssize_t read = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (read <= 0) return false;
  input_.append(buffer.data(), static_cast<size_t>(read));
  return true;
}

std::string RawClient::read_until(std::string_view text) {
  size_t end = input_.find(text);
  while (end == std::string::npos && fill()) end = input_.find(text);
  end = end == std::string::npos ? input_.size() : end + text.size();
  std::string taken = input_.substr(0, end);
  input_.erase(0, end);
  return taken;
}

std::string RawClient::read_to_end() {
  while (fill()) {
  }
  return std::exchange(input_, {});
}

bool RawClient::at_end() { return input_.empty() && !fill(); }

std::string RawClient::take_line() {
  std::string line = read_until("\r\n");
  if (line.ends_with("\r\n")) line.resize(line.size() - 2);
  return line;
}

RawAnswer RawClient::read_answer(bool to_head) {
  RawAnswer answer;
  do {
    answer = {};
    answer.head = read_until("\r\n\r\n");
    if (!answer.head.starts_with("HTTP/1.1 ")) return answer;
    answer.status = std::atoi(answer.head.c_str() + 9);
  } while (answer.status < 200);
  size_t at = answer.head.find("\r\n") + 2;
  while (at + 2 < answer.head.size()) {
    const size_t end = answer.head.find("\r\n", at);
    const std::string line = answer.head.substr(at, end - at);
    const size_t colon = line.find(": ");
    std::string name = line.substr(0, colon);
    for (char& letter : name) letter = static_cast<char>(std::tolower(letter));
    answer.headers[name] = line.substr(colon + 2);
    at = end + 2;
  }
  if (to_head || answer.status == 204) {
    answer.complete = true;
  } else if (answer.headers.contains("content-length")) {
    const size_t length = std::stoul(answer.headers["content-length"]);
    while (input_.size() < length && fill()) {
    }
    answer.complete = input_.size() >= length;
    answer.body = input_.substr(0, length);
    input_.erase(0, length);
  } else if (answer.headers.contains("transfer-encoding")) {
    while (true) {
      const size_t length = std::strtoul(take_line().c_str(), nullptr, 16);
      while (input_.size() < length + 2 && fill()) {
      }
      if (input_.size() < length + 2) break;
      answer.body += input_.substr(0, length);
      input_.erase(0, length + 2);
      if (length > 0) continue;
      answer.complete = true;
      break;
    }
  } else {
    answer.body = read_to_end();
    answer.complete = true;
  }
  return answer;
}

RawAnswer ask(uint16_t port, std::string_view request) {
  RawClient client = RawClient::to_port(port);
  client.send(request);
  return client.read_answer(request.starts_with("HEAD "));
}

std::string get(std::string_view path, std::string_view headers) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: here\r\n{}\r\n", path, headers);
}

std::string post(std::string_view path, std::string_view body, std::string_view headers) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: here\r\nContent-Length: {}\r\n{}\r\n{}", path,
                     body.size(), headers, body);
}

}  // namespace spyre::serve::http
