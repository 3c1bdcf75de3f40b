// The JSON types of request fields: what each allows, said in words for messages. Values are looked
// at here and nowhere changed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/openai/request_fields.h"

namespace spyre::serve::openai {

// Wrong types of one body, each with its path.
class TypeErrors {
 public:
  void add(const std::string& path, std::string_view wanted, const Json& found);
  void add_missing(const std::string& path);
  bool empty() const { return count_ == 0; }
  // One error for all: the first ten, and how many more. Not empty.
  std::unexpected<ApiError> take();

 private:
  void add_message(const std::string& path, const std::string& message);

  int64_t count_ = 0;
  std::string first_path_;
  std::string messages_;
};

// Adds what is wrong with `value`, which is not null, as a field of that type at `path`.
void check_type(const Field& field, const Json& value, const std::string& path, TypeErrors& errors);

// A number's value as an integer, 3.0 included; nothing when it is none of 64 bits.
std::optional<int64_t> integer_of(const Json& value);

// Whether a value of the right type lies in the range, and the words for it when not: "a number
// above 0, at most 1".
bool in_range(const Field& field, const Json& value);
std::string range_words(const Field& field);

// A value for a message: short, whatever was sent.
std::string found_words(const Json& value);

std::vector<std::string_view> words_of(const Field& field);

}  // namespace spyre::serve::openai
