#include "serve/http/access_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "serve/http/response_head.h"

namespace spyre::serve::http {

namespace {

// Visible ASCII as it is, all else as in a target: %XX.
std::string escaped(std::string_view text) {
  std::string line;
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    if (byte > ' ' && byte < 0x7f && each != '"') {
      line += each;
    } else {
      line += fmt::format("%{:02X}", byte);
    }
  }
  return line;
}

}  // namespace

bool is_logged(const AccessLogOptions& options, const AccessRecord& record) {
  return options.enabled && record.counted &&
         std::ranges::find(options.hidden_paths, record.request.path) == options.hidden_paths.end();
}

std::string access_line(const AccessRecord& record) {
  const Request& request = record.request;
  return fmt::format("{} - \"{} {}{}{} HTTP/1.1\" {} {}", record.client, escaped(request.method),
                     escaped(request.path), request.query.empty() ? "" : "?",
                     escaped(request.query), record.status, reason(record.status));
}

}  // namespace spyre::serve::http
