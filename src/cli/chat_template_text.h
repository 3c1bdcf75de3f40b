// --chat-template: a file, or the template itself where there is no such file.
#pragma once

#include <string>

#include "base/result.h"

namespace spyre::cli {

// The text of a template. What has no brace and no line end is a path for certain; a template that
// stands in the flag itself has its escapes (\n, \t, \\ and so on) replaced, as vLLM does, for
// shells make line ends hard to write. Errors: kNotFound (a path that cannot be read).
Result<std::string> read_chat_template(const std::string& path_or_text);

}  // namespace spyre::cli
