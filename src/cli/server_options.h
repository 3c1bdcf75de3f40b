// The server's settings as the options of its rooms.
#pragma once

#include "config/settings.h"
#include "serve/http/server.h"
#include "serve/openai/service.h"

namespace spyre::cli {

serve::http::ServerOptions server_options(const config::Settings& settings);

// chat_template: what conversations will be rendered with; --chat-template-content-format auto
// looks at it. kInvalidArgument: a JSON setting that does not parse.
Result<serve::openai::ServiceOptions> service_options(
    const config::Settings& settings, const std::optional<text::ChatTemplate>& chat_template);

}  // namespace spyre::cli
