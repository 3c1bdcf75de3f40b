// Reads typed, range-checked values out of a JSON object. An absent key or null gives the default;
// a value of another type or out of range is an error that names the file, the key, what was wanted
// and what was found. Errors are kept, the first one wins, so that a reader of forty keys stays
// forty lines: look at status() once at the end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace spyre::checkpoint {

class JsonReader {
 public:
  JsonReader(const Json& object, std::string_view source) : object_(object), source_(source) {}

  bool has(std::string_view key) const;  // present and not null
  bool is_text(std::string_view key) const;
  int64_t integer(std::string_view key, int64_t otherwise, int64_t low, int64_t high);
  int64_t required_integer(std::string_view key, int64_t low, int64_t high);
  float real(std::string_view key, float otherwise);
  std::optional<float> optional_real(std::string_view key);
  bool boolean(std::string_view key, bool otherwise);
  std::string text(std::string_view key, std::string_view otherwise);
  std::vector<float> reals(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  // One integer or a list of them; null, -1 or absent: none.
  std::vector<int32_t> token_ids(std::string_view key);
  // A nested object, or null when absent.
  const Json* object(std::string_view key);

  void fail(std::string_view key, std::string_view wanted);
  void fail_with(Error problem);
  const Status& status() const { return status_; }

 private:
  const Json* find(std::string_view key) const;

  const Json& object_;
  const std::string source_;
  Status status_;
};

}  // namespace spyre::checkpoint
