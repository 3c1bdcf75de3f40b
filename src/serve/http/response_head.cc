#include "serve/http/response_head.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace spyre::serve::http {

namespace {

void add(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += ": ";
  const auto control = [](char letter) {
    return static_cast<unsigned char>(letter) < ' ' || letter == 0x7f;
  };
  std::ranges::replace_copy_if(value, std::back_inserter(head), control, ' ');
  head += "\r\n";
}

// IMF-fixdate, in English whatever the locale.
std::string date(std::time_t now) {
  constexpr std::string_view kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm utc = fmt::gmtime(now);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[utc.tm_wday], utc.tm_mday,
                     kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace

std::string_view reason(int status) {
  switch (status) {
    case 100:
      return "Continue";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 499:
      return "Client Closed Request";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Unknown";
  }
}

std::string response_head(const Response& response, const Headers& more, const Framing& framing,
                          std::time_t now) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason(response.status));
  add(head, "Date", date(now));
  if (!bodiless(response.status)) {
    if (!response.content_type.empty()) add(head, "Content-Type", response.content_type);
    if (framing.content_length) {
      add(head, "Content-Length", std::to_string(*framing.content_length));
    } else if (!framing.http_1_0) {
      add(head, "Transfer-Encoding", "chunked");
    }
  }
  for (const auto& [name, value] : response.headers) add(head, name, value);
  for (const auto& [name, value] : more) add(head, name, value);
  if (!framing.keep_alive) {
    add(head, "Connection", "close");
  } else if (framing.http_1_0) {
    add(head, "Connection", "keep-alive");
  }
  head += "\r\n";
  return head;
}

std::string chunk(std::string_view piece) {
  if (piece.empty()) return {};
  return fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
}

}  // namespace spyre::serve::http
