// Numbers as people write them in settings. Strict: all of the text must be the number; blanks
// around it are fine. Errors say what is wrong in words that fit behind "wanted"/"found".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "config/setting.h"

namespace spyre::config {

// text without blanks and tabs around it.
std::string_view trim(std::string_view text);

// Nothing when text is no such number (overflow, trailing text, empty). Decimal only.
std::optional<int64_t> parse_integer(std::string_view text);

// An integer, or a number with k, m, g, t (powers of 1000) or K, M, G, T (powers of 1024); only the
// powers of 1000 take a fraction (1.5k), as vLLM's sizes do, and the result must be whole.
std::optional<int64_t> parse_size(std::string_view text);

// Finite or infinite, never NaN.
std::optional<double> parse_real(std::string_view text);

bool in_range(const Range& range, int64_t number);
bool in_range(const Range& range, double number);

}  // namespace spyre::config
