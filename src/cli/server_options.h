// The server's settings as the options of its rooms.
#pragma once

#include "config/settings.h"
#include "serve/http/access_log.h"
#include "serve/http/server.h"
#include "serve/openai/service.h"

namespace spyre::cli {

serve::http::ServerOptions server_options(const config::Settings& settings);

serve::http::AccessLogOptions access_log_options(const config::Settings& settings);

// --api-key-scope vllm: routes that need no key with vLLM need none here.
void apply_key_scope(const config::Settings& settings, std::vector<serve::http::Route>& routes);

// chat_template: what conversations will be rendered with; --chat-template-content-format,
// --tool-call-parser and --reasoning-parser look at it where they are auto. kInvalidArgument: a
// JSON setting that does not parse, --enable-auto-tool-choice without a known parser.
Result<serve::openai::ServiceOptions> service_options(
    const config::Settings& settings, const std::optional<text::ChatTemplate>& chat_template);

}  // namespace spyre::cli
