// Words of HTTP's grammar that several files share: case, blanks, lists, hex. ASCII only, whatever
// the locale.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spyre::serve::http {

char lower(char letter);
bool equal_ignoring_case(std::string_view left, std::string_view right);

// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text);

// The trimmed, non-empty elements of a comma-separated list; views into it.
std::vector<std::string_view> list_elements(std::string_view list);

// 0..15, or none.
std::optional<int> hex_digit(char digit);

}  // namespace spyre::serve::http
