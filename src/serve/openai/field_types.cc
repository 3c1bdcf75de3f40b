#include "serve/openai/field_types.h"

#include <algorithm>
#include <cmath>

#include "serve/openai/json_writer.h"

namespace spyre::serve::openai {

namespace {

constexpr int64_t kMostListed = 10;
constexpr size_t kMaxFoundBytes = 80;
constexpr double kTwoTo63 = 9223372036854775808.0;
// Every whole number up to it is a double of its own: one that is larger may have been another.
constexpr double kTwoTo53 = 9007199254740992.0;

bool is_token_ids(const Json& value) {
  return value.is_array() && std::ranges::all_of(value, [](const Json& each) {
           const auto id = integer_of(each);
           return id && *id >= 0 && *id <= INT32_MAX;
         });
}

bool is_texts(const Json& value) {
  return value.is_array() &&
         std::ranges::all_of(value, [](const Json& each) { return each.is_string(); });
}

bool is_objects(const Json& value) {
  return value.is_array() &&
         std::ranges::all_of(value, [](const Json& each) { return each.is_object(); });
}

bool is_prompt(const Json& value) {
  return value.is_string() || is_texts(value) || is_token_ids(value) ||
         (value.is_array() && std::ranges::all_of(value, is_token_ids));
}

bool is_documents(const Json& value) {
  return value.is_array() && std::ranges::all_of(value, [](const Json& each) {
           if (!each.is_object()) return each.is_string();
           const auto text = each.find("text");
           return text != each.end() && text->is_string();
         });
}

bool is_biases(const Json& value) {
  return value.is_object() &&
         std::ranges::all_of(value, [](const Json& each) { return each.is_number(); });
}

// A member of an object that is absent, null, or passes the test.
template <typename Test>
void check_member(const Json& object, const char* name, const std::string& path,
                  std::string_view wanted, Test test, TypeErrors& errors) {
  const auto found = object.find(name);
  if (found == object.end() || found->is_null() || test(*found)) return;
  errors.add(path + "." + name, wanted, *found);
}

constexpr auto kIsText = [](const Json& value) { return value.is_string(); };
constexpr auto kIsBoolean = [](const Json& value) { return value.is_boolean(); };

void check_parts(const Json& parts, const std::string& path, TypeErrors& errors) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string part_path = fmt::format("{}.{}", path, i);
    const Json& part = parts[i];
    if (!part.is_object()) {
      errors.add(part_path, "an object with a type", part);
      continue;
    }
    if (!part.contains("type") || part["type"].is_null()) {
      errors.add_missing(part_path + ".type");
    }
    for (const char* name : {"type", "text", "refusal"}) {
      check_member(part, name, part_path, "a string", kIsText, errors);
    }
  }
}

void check_message(const Json& message, const std::string& path, TypeErrors& errors) {
  if (!message.is_object()) {
    errors.add(path, "an object with role and content", message);
    return;
  }
  if (!message.contains("role") || message["role"].is_null()) errors.add_missing(path + ".role");
  for (const char* name : {"role", "name", "tool_call_id", "reasoning", "reasoning_content"}) {
    check_member(message, name, path, "a string", kIsText, errors);
  }
  check_member(message, "tool_calls", path, "a list of objects", is_objects, errors);
  const auto content = message.find("content");
  if (content == message.end() || content->is_null() || content->is_string()) return;
  if (content->is_array()) {
    check_parts(*content, path + ".content", errors);
  } else {
    errors.add(path + ".content", "a string or a list of parts", *content);
  }
}

void check_messages(const Json& value, const std::string& path, TypeErrors& errors) {
  if (!value.is_array()) {
    errors.add(path, "a list of messages", value);
    return;
  }
  for (size_t i = 0; i < value.size(); ++i) {
    check_message(value[i], fmt::format("{}.{}", path, i), errors);
  }
}

// {"type": "function", "function": {"name": ...}}
void check_function(const Json& value, const std::string& path, TypeErrors& errors) {
  if (!value.is_object()) {
    errors.add(path, "an object with type and function", value);
    return;
  }
  check_member(value, "type", path, "a string", kIsText, errors);
  const auto function = value.find("function");
  if (function == value.end() || !function->is_object()) {
    errors.add(path + ".function", "an object with a name",
               function == value.end() ? Json(nullptr) : *function);
  } else if (!function->contains("name") || !(*function)["name"].is_string()) {
    errors.add(path + ".function.name", "a string",
               function->contains("name") ? (*function)["name"] : Json(nullptr));
  }
}

void check_tools(const Json& value, const std::string& path, TypeErrors& errors) {
  if (!value.is_array()) {
    errors.add(path, "a list of tools", value);
    return;
  }
  for (size_t i = 0; i < value.size(); ++i) {
    check_function(value[i], fmt::format("{}.{}", path, i), errors);
  }
}

void check_tool_choice(const Json& value, const std::string& path, TypeErrors& errors) {
  if (value.is_object()) {
    check_function(value, path, errors);
  } else if (value != "none" && value != "auto" && value != "required") {
    errors.add(path, "none, auto, required or a function", value);
  }
}

void check_stream_options(const Json& value, const std::string& path, TypeErrors& errors) {
  if (!value.is_object()) {
    errors.add(path, "an object", value);
    return;
  }
  for (const char* name : {"include_usage", "continuous_usage_stats"}) {
    check_member(value, name, path, "true or false", kIsBoolean, errors);
  }
}

struct PlainKind {
  std::string_view wanted;
  bool (*test)(const Json& value);
};

PlainKind plain_kind(Kind kind) {
  switch (kind) {
    case Kind::kBoolean:
      return {"true or false", kIsBoolean};
    case Kind::kInteger:
      return {"an integer", [](const Json& value) { return integer_of(value).has_value(); }};
    case Kind::kNumber:
      return {"a number", [](const Json& value) { return value.is_number(); }};
    case Kind::kText:
      return {"a string", kIsText};
    case Kind::kTextOrTexts:
      return {"a string or a list of strings",
              [](const Json& value) { return value.is_string() || is_texts(value); }};
    case Kind::kTokenIds:
      return {"a list of token ids", is_token_ids};
    case Kind::kJsonSchema:
      return {"a JSON schema: an object, or a string that holds it", [](const Json& value) {
                return value.is_object() || value.is_string() || value.is_boolean();
              }};
    case Kind::kObject:
    case Kind::kResponseFormat:
    case Kind::kStructuredOutputs:
      return {"an object", [](const Json& value) { return value.is_object(); }};
    case Kind::kObjects:
      return {"a list of objects", is_objects};
    case Kind::kBiases:
      return {"an object of token ids and biases", is_biases};
    case Kind::kPrompt:
      return {"a string, a list of strings, a list of token ids, or a list of such lists",
              is_prompt};
    case Kind::kDocuments:
      return {"a list of strings, or of objects with a string as text", is_documents};
    default:
      return {"", [](const Json&) { return true; }};
  }
}

void check_word(const Field& field, const Json& value, const std::string& path,
                TypeErrors& errors) {
  const auto words = words_of(field);
  const bool known = std::ranges::any_of(words, [&](auto word) { return value == word; });
  if (!known) errors.add(path, fmt::format("one of {}", fmt::join(words, ", ")), value);
}

std::string integer_range_words(const Range& range) {
  if (range.high >= kTwoTo63) return fmt::format("an integer of at least {}", range.low);
  return fmt::format("an integer from {} to {}", range.low, range.high);
}

}  // namespace

void TypeErrors::add(const std::string& path, std::string_view wanted, const Json& found) {
  const std::string_view name = std::string_view(path).substr(path.find('.') + 1);
  add_message(path, fmt::format("{}: wanted {}, found {}", name, wanted, found_words(found)));
}

void TypeErrors::add_missing(const std::string& path) {
  const std::string_view name = std::string_view(path).substr(path.find('.') + 1);
  add_message(path, fmt::format("{}: wanted, found nothing", name));
}

void TypeErrors::add_message(const std::string& path, const std::string& message) {
  if (count_ == 0) first_path_ = path;
  if (count_ < kMostListed) {
    if (count_ > 0) messages_ += "; ";
    messages_ += message;
  }
  ++count_;
}

std::unexpected<ApiError> TypeErrors::take() {
  if (count_ > kMostListed) messages_ += fmt::format("; and {} more", count_ - kMostListed);
  return bad_type(std::move(first_path_), std::move(messages_));
}

void check_type(const Field& field, const Json& value, const std::string& path,
                TypeErrors& errors) {
  switch (field.kind) {
    case Kind::kWord:
      return check_word(field, value, path, errors);
    case Kind::kMessages:
      return check_messages(value, path, errors);
    case Kind::kTools:
      return check_tools(value, path, errors);
    case Kind::kToolChoice:
      return check_tool_choice(value, path, errors);
    case Kind::kStreamOptions:
      return check_stream_options(value, path, errors);
    default:
      break;
  }
  const PlainKind plain = plain_kind(field.kind);
  if (!plain.test(value)) errors.add(path, plain.wanted, value);
}

std::optional<int64_t> integer_of(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (!std::in_range<int64_t>(number)) return std::nullopt;
    return static_cast<int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const auto number = value.get<double>();
  if (!(std::abs(number) <= kTwoTo53) || number != std::floor(number)) {
    return std::nullopt;
  }
  return static_cast<int64_t>(number);
}

bool in_range(const Field& field, const Json& value) {
  if (field.kind != Kind::kInteger && field.kind != Kind::kNumber) return true;
  const auto number = value.get<double>();
  const bool over = field.range.above ? number > field.range.low : number >= field.range.low;
  return over && number <= field.range.high;
}

std::string range_words(const Field& field) {
  const Range& range = field.range;
  if (field.kind == Kind::kInteger) return integer_range_words(range);
  const std::string low = fmt::format("{} {}", range.above ? "above" : "of at least", range.low);
  if (range.high > 1e30) return fmt::format("a number {}", low);
  if (range.above) return fmt::format("a number {}, at most {}", low, range.high);
  return fmt::format("a number from {} to {}", range.low, range.high);
}

std::string found_words(const Json& value) {
  if (value.is_object() && !value.empty()) return "an object";
  if (value.is_array() && !value.empty()) {
    return value[0].is_structured() ? "a list" : "a list that begins with " + found_words(value[0]);
  }
  return shortened(value.dump(-1, ' ', false, Json::error_handler_t::replace), kMaxFoundBytes);
}

std::vector<std::string_view> words_of(const Field& field) {
  std::vector<std::string_view> words;
  std::string_view rest = field.words;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('|'), rest.size());
    words.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return words;
}

}  // namespace spyre::serve::openai
