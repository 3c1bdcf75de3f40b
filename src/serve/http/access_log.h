// A line of the log for each answered request, as uvicorn words it, so that scripts which read
// vLLM's logs read ours. What a client sent is escaped: it cannot forge a line.
#pragma once

#include <string>
#include <vector>

#include "serve/http/server.h"

namespace spyre::serve::http {

struct AccessLogOptions {
  bool enabled = true;
  std::vector<std::string> hidden_paths = {};  // as they are asked for, without query
};

// Whether the request has a line: not those of probes and scrapes (AccessRecord::counted).
bool is_logged(const AccessLogOptions& options, const AccessRecord& record);

// 127.0.0.1:5012 - "POST /v1/completions HTTP/1.1" 200 OK
std::string access_line(const AccessRecord& record);

}  // namespace spyre::serve::http
