#include "cache/key_fields.h"

#include <algorithm>
#include <set>
#include <span>

#include "cache/sha256.h"

namespace spyre::cache {

namespace {

constexpr size_t kShownBytes = 56;

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
}

bool is_printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7f; });
}

// A piece of a long value that begins a little before `from`.
std::string shown(std::string_view value, size_t from) {
  if (value.size() <= kShownBytes) return std::string(value);
  constexpr size_t kBefore = 8;
  const size_t begin = from <= kBefore ? 0 : std::min(from - kBefore, value.size() - kBefore);
  const std::string_view piece = value.substr(begin, kShownBytes);
  return fmt::format("{}{}{}", begin > 0 ? "..." : "", piece,
                     begin + piece.size() < value.size() ? "..." : "");
}

void add_difference(std::string& text, std::string_view name, const std::string* had,
                    const std::string* want) {
  const std::string_view a = had != nullptr ? std::string_view(*had) : std::string_view();
  const std::string_view b = want != nullptr ? std::string_view(*want) : std::string_view();
  const auto at = static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  text += fmt::format("{} {}: had {}, want {}", text.empty() ? "compiled for another" : "; another",
                      name, had != nullptr ? shown(a, at) : "none",
                      want != nullptr ? shown(b, at) : "none");
}

}  // namespace

std::string KeyFields::key() const {
  std::string text = "spyre graph cache 1\n";
  for (const auto& [name, value] : fields) text += fmt::format("{}={}\n", name, value);
  return sha256_hex(text);
}

std::string_view KeyFields::program() const {
  return fields.empty() ? std::string_view() : std::string_view(fields.front().second);
}

const std::string* KeyFields::find(std::string_view name) const {
  for (const auto& [each, value] : fields) {
    if (each == name) return &value;
  }
  return nullptr;
}

Status check(const KeyFields& fields) {
  const size_t count = fields.fields.size();
  if (count == 0 || count > kMostFields) {
    return error(Code::kInvalidArgument, "wanted 1 to {} key fields, found {}", kMostFields, count);
  }
  std::set<std::string_view> names;
  for (const auto& [name, value] : fields.fields) {
    if (!is_name(name)) {
      return error(Code::kInvalidArgument,
                   "wanted key fields with names of a-z, 0-9, _ and -, found another name");
    }
    if (!names.insert(name).second) {
      return error(Code::kInvalidArgument, "the key field {} is there twice", name);
    }
    if (value.size() > kMostValueBytes || !is_printable(value)) {
      return error(Code::kInvalidArgument,
                   "the key field {}: wanted at most {} bytes of printable ASCII", name,
                   kMostValueBytes);
    }
  }
  return {};
}

bool is_key(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string difference(const KeyFields& had, const KeyFields& want) {
  std::string text;
  for (const auto& [name, value] : want.fields) {
    const std::string* other = had.find(name);
    if (other == nullptr || *other != value) add_difference(text, name, other, &value);
  }
  for (const auto& [name, value] : had.fields) {
    if (want.find(name) == nullptr) add_difference(text, name, &value, nullptr);
  }
  if (text.empty() && !(had == want)) text = "compiled for the same fields in another order";
  return text;
}

}  // namespace spyre::cache
