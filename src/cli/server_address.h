// A server to ask, for the commands that ask one.
#pragma once

#include <string>

#include "config/settings.h"
#include "loadtest/load.h"

namespace spyre::cli {

// url: http://HOST:PORT, or as OpenAI's clients have it, with /v1 at its end. With the first
// --api-key. Errors: those of loadtest::parse_url().
Result<loadtest::Target> server_target(const config::Settings& settings, std::string_view url);

// The first model that /v1/models names. Errors: those of loadtest::ask_once(); kNotFound.
Result<std::string> first_served_model(const loadtest::Target& target);

}  // namespace spyre::cli
