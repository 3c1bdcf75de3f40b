#include "cli/chat_template_text.h"

#include <filesystem>
#include <string_view>

#include "cli/read_file.h"

namespace spyre::cli {

namespace {

std::string unescaped(std::string_view text) {
  constexpr std::string_view kWritten = "nrt\\'\"";
  constexpr std::string_view kMeant = "\n\r\t\\'\"";
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    const size_t escape = text[i] == '\\' && i + 1 < text.size() ? kWritten.find(text[i + 1])
                                                                 : std::string_view::npos;
    if (escape == std::string_view::npos) {
      result += text[i];
      continue;
    }
    result += kMeant[escape];
    ++i;
  }
  return result;
}

}  // namespace

Result<std::string> read_chat_template(const std::string& path_or_text) {
  // A template is longer than names of files may be: that, too, only means that there is no file.
  std::error_code ignored;
  if (std::filesystem::is_regular_file(path_or_text, ignored)) return read_file(path_or_text);
  if (path_or_text.find_first_of("{}\n") != std::string::npos) return unescaped(path_or_text);
  return error(Code::kNotFound,
               "--chat-template: wanted a file, or a template with {{{{ }}}} in it, found '{}', "
               "which is neither",
               path_or_text);
}

}  // namespace spyre::cli
