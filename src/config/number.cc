#include "config/number.h"

#include <charconv>
#include <cmath>

namespace spyre::config {

namespace {

template <typename Number>
std::optional<Number> whole(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, number);
  if (status != std::errc() || stop != end) return std::nullopt;
  return number;
}

// 1 for no suffix; 0 for an unknown one.
int64_t power(char suffix) {
  constexpr std::string_view kDecimal = "kmgt";
  constexpr std::string_view kBinary = "KMGT";
  int64_t factor = 1;
  for (size_t i = 0; i < kDecimal.size(); ++i) {
    factor *= 1000;
    if (suffix == kDecimal[i]) return factor;
  }
  factor = 1;
  for (size_t i = 0; i < kBinary.size(); ++i) {
    factor *= 1024;
    if (suffix == kBinary[i]) return factor;
  }
  return 0;
}

}  // namespace

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<int64_t> parse_integer(std::string_view text) { return whole<int64_t>(trim(text)); }

std::optional<int64_t> parse_size(std::string_view text) {
  text = trim(text);
  if (text.empty()) return std::nullopt;
  const int64_t factor = power(text.back());
  if (factor == 0) return whole<int64_t>(text);
  const std::string_view digits = text.substr(0, text.size() - 1);
  if (const auto count = whole<int64_t>(digits)) {
    int64_t product = 0;
    if (__builtin_mul_overflow(*count, factor, &product)) return std::nullopt;
    return product;
  }
  const bool fraction = digits.contains('.') && text.back() >= 'a';
  const auto share = fraction ? whole<double>(digits) : std::nullopt;
  if (!share || !std::isfinite(*share)) return std::nullopt;
  // Rounded, since 1.1 * 1000 is not whole in binary; more digits than the factor has are refused.
  const double product = *share * static_cast<double>(factor);
  const double rounded = std::round(product);
  if (std::abs(rounded) > 0x1p62 || std::abs(rounded - product) > 1e-6) return std::nullopt;
  return static_cast<int64_t>(rounded);
}

std::optional<double> parse_real(std::string_view text) {
  const auto number = whole<double>(trim(text));
  if (!number || std::isnan(*number)) return std::nullopt;
  return number;
}

bool in_range(const Range& range, double number) {
  return number <= range.most && (range.above ? number > range.least : number >= range.least);
}

bool in_range(const Range& range, int64_t number) {
  return in_range(range, static_cast<double>(number)) && number % range.multiple_of == 0;
}

}  // namespace spyre::config
