// Writes JSON by appending to a string: answers keep the order of their fields, absent values are
// null or left out as each place wants it, and a streamed token costs no tree of values. It trusts
// its caller to open and close in pairs and to give valid UTF-8.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace spyre::serve::openai {

class JsonWriter {
 public:
  // Appends to out, which outlives the writer; what lies there before is left alone.
  explicit JsonWriter(std::string& out) : out_(out) {}

  void open_object() { open('{'); }
  void close_object() { close('}'); }
  void open_array() { open('['); }
  void close_array() { close(']'); }

  void key(std::string_view name);
  void text(std::string_view value);
  void integer(int64_t value);
  void number(double value);  // finite; always with a point or an exponent
  void single(float value);   // likewise, in as few digits as tell it from other floats
  void boolean(bool value);
  void null();
  void raw(std::string_view json);  // one value that is JSON already

  void field(std::string_view name, std::string_view value) { key(name), text(value); }
  void field(std::string_view name, const char* value) { key(name), text(value); }
  void field(std::string_view name, double value) { key(name), number(value); }
  void field(std::string_view name, std::same_as<bool> auto value) { key(name), boolean(value); }
  template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
  void field(std::string_view name, Integer value) {
    key(name), integer(static_cast<int64_t>(value));
  }
  void null_field(std::string_view name) { key(name), null(); }

 private:
  void separate();
  void open(char bracket);
  void close(char bracket);

  std::string& out_;
  bool first_ = true;  // nothing stands before the next value inside its brackets
};

// Bytes as valid UTF-8: what is none becomes U+FFFD.
std::string to_utf8(std::string_view bytes);

// How many characters (code points) valid UTF-8 has.
int64_t count_characters(std::string_view text);

// At most `bytes` of it, cut between characters, with "..." for the rest.
std::string shortened(std::string_view text, size_t bytes);

}  // namespace spyre::serve::openai
