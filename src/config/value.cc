#include "config/value.h"

#include <algorithm>
#include <cctype>
#include <cmath>

#include "base/json.h"
#include "config/number.h"

namespace spyre::config {

namespace {

// What was found, short and plain enough for one line of a terminal.
std::string quoted(const SettingInfo& row, std::string_view text) {
  if (row.secret) return "another value (secret)";
  constexpr size_t kLongest = 80;
  size_t end = std::min(text.size(), kLongest);
  // Not in the middle of a UTF-8 sequence.
  while (end < text.size() && end > 0 && (text[end] & 0xc0) == 0x80) --end;
  std::string shown(text.substr(0, end));
  std::ranges::replace_if(shown, [](unsigned char c) { return c < ' ' || c == 0x7f; }, '?');
  if (end == text.size()) return fmt::format("'{}'", shown);
  return fmt::format("'{}...' ({} bytes)", shown, text.size());
}

std::unexpected<Error> wanted(const SettingInfo& row, const Value& value, std::string_view what) {
  return error(Code::kInvalidArgument, "{}: wanted {}, found {}", label(row, value.origin), what,
               quoted(row, value.given));
}
std::unexpected<Error> wanted(const SettingInfo& row, const Value& value) {
  return wanted(row, value, expectation(row));
}

Status parse_bool(const SettingInfo& row, Value& value) {
  const auto number = parse_integer(value.given);
  if (!number || (*number != 0 && *number != 1)) return wanted(row, value);
  value.meaning = *number == 1;
  return {};
}

Status parse_switch(const SettingInfo& row, Value& value) {
  std::string word(trim(value.given));
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const std::string_view yes : {"1", "on", "yes", "true"}) {
    if (word == yes) value.meaning = true;
  }
  for (const std::string_view no : {"0", "off", "no", "false"}) {
    if (word == no) value.meaning = false;
  }
  if (value.meaning.index() == 0) return wanted(row, value);
  return {};
}

Status parse_whole(const SettingInfo& row, Value& value) {
  const bool size = row.type == Type::kSize;
  auto number = size ? parse_size(value.given) : parse_integer(value.given);
  if (size && row.automatic && trim(value.given) == "auto") number = row.automatic;
  if (!number) return wanted(row, value);
  value.automatic = row.automatic && *number == *row.automatic;
  if (!value.automatic && !in_range(row.range, *number)) return wanted(row, value);
  value.meaning = *number;
  return {};
}

Status parse_fraction(const SettingInfo& row, Value& value) {
  const auto number = parse_real(value.given);
  const bool fine =
      number && in_range(row.range, *number) && (std::isfinite(*number) || row.values == "inf");
  if (!fine) return wanted(row, value);
  value.meaning = *number;
  return {};
}

Status parse_choice(const SettingInfo& row, Value& value) {
  std::string_view rest = row.values;
  while (!rest.empty()) {
    const std::string_view entry = rest.substr(0, rest.find('|'));
    rest.remove_prefix(std::min(rest.size(), entry.size() + 1));
    const size_t equals = entry.find('=');
    if (value.given != entry.substr(0, equals)) continue;
    value.text = equals == std::string_view::npos ? entry : entry.substr(equals + 1);
    return {};
  }
  return wanted(row, value);
}

Status parse_integers(const SettingInfo& row, Value& value) {
  std::vector<int64_t> numbers;
  std::string_view rest = value.given;
  while (true) {
    const size_t comma = rest.find(',');
    const std::string_view item = trim(rest.substr(0, comma));
    if (item.empty()) return wanted(row, value, expectation(row) + " and no empty item");
    const auto number = parse_integer(item);
    if (!number || !in_range(row.range, *number)) {
      return error(Code::kInvalidArgument, "{}: wanted {}, found {} in {}",
                   label(row, value.origin), expectation(row), quoted(row, item),
                   quoted(row, value.given));
    }
    numbers.push_back(*number);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  value.text = fmt::format("{}", fmt::join(numbers, ","));
  value.meaning = std::move(numbers);
  return {};
}

Status parse_json_object(const SettingInfo& row, Value& value) {
  const auto json = parse_json(value.given, label(row, value.origin));
  if (!json || !json->is_object()) return wanted(row, value);
  return {};
}

Status parse_json_strings(const SettingInfo& row, Value& value) {
  const auto json = parse_json(value.given, label(row, value.origin));
  if (!json || !json->is_array()) return wanted(row, value);
  std::vector<std::string> texts;
  for (const Json& each : *json) {
    if (!each.is_string()) return wanted(row, value);
    texts.push_back(each.get<std::string>());
  }
  value.meaning = std::move(texts);
  return {};
}

// Ranks separated by |, each a list of N or N-M with N <= M.
Status parse_cpus(const SettingInfo& row, Value& value) {
  if (value.given == "auto" || value.given == "nobind") return {};
  constexpr int64_t kMostCpus = 65536;
  const std::string_view text = value.given;
  size_t begin = 0;
  while (begin <= text.size()) {
    const size_t end = std::min(text.size(), text.find_first_of(",|", begin));
    const std::string_view range = text.substr(begin, end - begin);
    const size_t dash = range.find('-');
    const auto first = parse_integer(range.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : parse_integer(range.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last >= kMostCpus) {
      return wanted(row, value);
    }
    begin = end + 1;
  }
  return {};
}

// The pairs of {"5": 1.5} or 5:1.5,7:-2 as a JSON object.
std::optional<Json> biases(std::string_view text) {
  if (trim(text).starts_with('{')) {
    auto json = parse_json(text, "biases");
    if (!json || !json->is_object()) return std::nullopt;
    return std::move(*json);
  }
  Json pairs = Json::object();
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view pair = text.substr(0, comma);
    const size_t colon = pair.find(':');
    const auto bias =
        colon == std::string_view::npos ? std::nullopt : parse_real(pair.substr(colon + 1));
    if (!bias) return std::nullopt;
    pairs[std::string(trim(pair.substr(0, colon)))] = *bias;
    if (comma == std::string_view::npos) return pairs;
    text.remove_prefix(comma + 1);
  }
}

Status parse_biases(const SettingInfo& row, Value& value) {
  const auto pairs = biases(value.given);
  if (!pairs) return wanted(row, value);
  for (const auto& [key, bias] : pairs->items()) {
    const auto id = parse_integer(key);
    const bool fine = id && *id >= 0 && *id <= INT32_MAX && bias.is_number() &&
                      std::abs(bias.get<double>()) <= 100;
    if (!fine) return wanted(row, value);
  }
  value.text = pairs->dump();
  return {};
}

Status parse_meaning(const SettingInfo& row, std::span<const std::string> given, Value& value) {
  switch (row.type) {
    case Type::kBool:
      return parse_bool(row, value);
    case Type::kSwitch:
      return parse_switch(row, value);
    case Type::kInteger:
    case Type::kSize:
      return parse_whole(row, value);
    case Type::kReal:
      return parse_fraction(row, value);
    case Type::kText:
      return {};
    case Type::kChoice:
      return parse_choice(row, value);
    case Type::kIntegers:
      return parse_integers(row, value);
    case Type::kTexts:
    case Type::kWords:
      value.meaning = std::vector<std::string>(given.begin(), given.end());
      return {};
    case Type::kJson:
      return parse_json_object(row, value);
    case Type::kJsonList:
      return parse_json_strings(row, value);
    case Type::kCpus:
      return parse_cpus(row, value);
    case Type::kBiases:
      return parse_biases(row, value);
  }
  return {};
}

}  // namespace

std::string label(const SettingInfo& row, const Origin& origin) {
  const bool flag = origin.name.starts_with('-');
  const std::string_view other = flag ? row.env : row.flag;
  if (other.empty()) return origin.name;
  return fmt::format("{} (or {})", origin.name, other);
}

Result<Value> parse_value(const SettingInfo& row, std::span<const std::string> given,
                          Origin origin) {
  SPYRE_CHECK(!given.empty());
  Value value{.origin = std::move(origin),
              .given = given.back(),
              .text = given.back(),
              .automatic = false,
              .meaning = {}};
  SPYRE_TRY(parse_meaning(row, given, value));
  return value;
}

}  // namespace spyre::config
