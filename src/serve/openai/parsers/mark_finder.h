// Finds the first of several marks in text that comes in pieces, and holds back what may be the
// beginning of one. Byte by byte: how the text was cut makes no difference.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spyre::serve::openai {

class MarkFinder {
 public:
  MarkFinder() = default;
  // marks: none empty, none inside another.
  explicit MarkFinder(std::vector<std::string> marks) : marks_(std::move(marks)) {}

  // Takes a byte. Text that is part of no mark is appended to `out`. Returns the mark that ends
  // with this byte, empty if none does.
  std::string_view push(char byte, std::string& out);

  // What waits as the beginning of a mark, when no more is to come.
  std::string take_held() { return std::exchange(held_, {}); }

 private:
  bool may_become_a_mark() const;

  std::vector<std::string> marks_;
  std::string held_;
};

}  // namespace spyre::serve::openai
