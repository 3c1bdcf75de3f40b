// Looks for stop strings in the text of one sequence as it comes, and hands on only text that no
// later piece can turn into one. The result does not depend on how the text is cut into pieces: of
// several stop strings that one wins whose end comes first, of several that end together the first
// in the request's list.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sample/params.h"

namespace spyre::sample {

class StopChecker {
 public:
  // Uses stop, include_stop_str_in_output and min_tokens of validated params.
  explicit StopChecker(const SamplingParams& params);

  // The text `piece` of the latest tokens. Appends to `out` what is certain: not the beginning of a
  // UTF-8 character, nor of a stop string. When the piece completes a stop string, appends what is
  // before it (and the string itself with include_stop_str_in_output), and returns it, borrowed
  // from this object; from then on nothing is appended any more. A stop string that ends among the
  // first min_tokens tokens is text; generated_tokens counts those of this piece.
  std::optional<std::string_view> push(std::string_view piece, int64_t generated_tokens,
                                       std::string& out);

  // Appends what was held back: no more text will come.
  void flush(std::string& out);

 private:
  struct Hit {
    size_t stop;   // index into stops_
    size_t begin;  // in pending_
    size_t end;
  };

  std::optional<Hit> find_hit(size_t checked) const;
  size_t uncertain_bytes() const;

  std::vector<std::string> stops_;
  bool include_stop_ = false;
  int64_t min_tokens_ = 0;
  bool stopped_ = false;
  std::string pending_;  // held back, all of it checked
};

}  // namespace spyre::sample
