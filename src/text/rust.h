// The border to the Rust library: spans out, owned strings and id lists in, statuses to errors.
// Only this room's sources see it; memory that Rust made is given back to Rust here and nowhere
// else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "spyre_text.h"

namespace spyre::text::rust {

// Borrows. An empty view has a non-null pointer: null means "not given" to the library.
SpyreTextSpan span(std::string_view bytes);
inline SpyreTextSpan absent() { return {nullptr, 0}; }

// A string that Rust fills, freed with this object.
class String {
 public:
  String() = default;
  String(const String&) = delete;
  String& operator=(const String&) = delete;
  ~String() { spyre_text_string_free(&raw_); }

  SpyreTextString* out() { return &raw_; }
  std::string copy() const;

 private:
  SpyreTextString raw_{nullptr, 0};
};

// A list of token ids that Rust fills, freed with this object.
class Ids {
 public:
  Ids() = default;
  Ids(const Ids&) = delete;
  Ids& operator=(const Ids&) = delete;
  ~Ids() { spyre_text_ids_free(&raw_); }

  SpyreTextIds* out() { return &raw_; }
  std::vector<int32_t> ids() const { return {raw_.ids, raw_.ids + raw_.count}; }
  std::vector<int32_t> type_ids() const { return {raw_.type_ids, raw_.type_ids + raw_.count}; }
  int64_t whole_count() const { return static_cast<int64_t>(raw_.whole_count); }

 private:
  SpyreTextIds raw_{nullptr, nullptr, 0, 0};
};

// The error that a status stands for; `message` is what the call stored.
Status check(int32_t status, const String& message);

// Calls a function of the library whose last parameter is the error's string.
template <typename Function, typename... Args>
Status call(Function* function, Args... args) {
  String message;
  const int32_t status = function(args..., message.out());
  return check(status, message);
}

}  // namespace spyre::text::rust
