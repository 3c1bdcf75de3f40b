#include "serve/openai/parsers/mark_finder.h"

#include <algorithm>

namespace spyre::serve::openai {

std::string_view MarkFinder::push(char byte, std::string& out) {
  held_ += byte;
  while (!held_.empty() && !may_become_a_mark()) {
    out += held_.front();
    held_.erase(0, 1);
  }
  const auto found = std::ranges::find(marks_, held_);
  if (found == marks_.end()) return {};
  held_.clear();
  return *found;
}

bool MarkFinder::may_become_a_mark() const {
  return std::ranges::any_of(marks_,
                             [&](const std::string& mark) { return mark.starts_with(held_); });
}

}  // namespace spyre::serve::openai
