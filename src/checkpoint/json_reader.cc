#include "checkpoint/json_reader.h"

#include <cmath>

namespace spyre::checkpoint {

const Json* JsonReader::find(std::string_view key) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool JsonReader::has(std::string_view key) const { return find(key) != nullptr; }

bool JsonReader::is_text(std::string_view key) const {
  const Json* found = find(key);
  return found != nullptr && found->is_string();
}

void JsonReader::fail_with(Error problem) {
  if (status_) status_ = std::unexpected(std::move(problem));
}

void JsonReader::fail(std::string_view key, std::string_view wanted) {
  const Json* found = find(key);
  const std::string text =
      found ? found->dump(-1, ' ', false, Json::error_handler_t::replace) : "nothing";
  fail_with({Code::kInvalidArgument, fmt::format("{}: '{}': wanted {}, found {}", source_, key,
                                                 wanted, std::string_view(text).substr(0, 80))});
}

int64_t JsonReader::integer(std::string_view key, int64_t otherwise, int64_t low, int64_t high) {
  const Json* found = find(key);
  if (found == nullptr) return otherwise;
  if (found->is_number_integer() &&
      !(found->is_number_unsigned() && found->get<uint64_t>() > INT64_MAX)) {
    const auto value = found->get<int64_t>();
    if (value >= low && value <= high) return value;
  }
  fail(key, fmt::format("an integer from {} to {}", low, high));
  return otherwise;
}

int64_t JsonReader::required_integer(std::string_view key, int64_t low, int64_t high) {
  if (!has(key)) fail(key, fmt::format("an integer from {} to {}", low, high));
  return integer(key, low, low, high);
}

std::optional<float> JsonReader::optional_real(std::string_view key) {
  const Json* found = find(key);
  if (found == nullptr) return std::nullopt;
  if (found->is_number()) {
    const auto value = found->get<float>();
    if (std::isfinite(value)) return value;
  }
  fail(key, "a finite number");
  return std::nullopt;
}

float JsonReader::real(std::string_view key, float otherwise) {
  return optional_real(key).value_or(otherwise);
}

bool JsonReader::boolean(std::string_view key, bool otherwise) {
  const Json* found = find(key);
  if (found == nullptr) return otherwise;
  if (found->is_boolean()) return found->get<bool>();
  fail(key, "true or false");
  return otherwise;
}

std::string JsonReader::text(std::string_view key, std::string_view otherwise) {
  const Json* found = find(key);
  if (found == nullptr) return std::string(otherwise);
  if (found->is_string()) return found->get<std::string>();
  fail(key, "a string");
  return std::string(otherwise);
}

std::vector<float> JsonReader::reals(std::string_view key) {
  std::vector<float> values;
  const Json* found = find(key);
  if (found == nullptr) return values;
  if (!found->is_array()) {
    fail(key, "a list of numbers");
    return values;
  }
  for (const Json& each : *found) {
    if (!each.is_number() || !std::isfinite(each.get<float>())) {
      fail(key, "a list of finite numbers");
      return values;
    }
    values.push_back(each.get<float>());
  }
  return values;
}

std::vector<std::string> JsonReader::texts(std::string_view key) {
  std::vector<std::string> values;
  const Json* found = find(key);
  if (found == nullptr) return values;
  if (!found->is_array()) {
    fail(key, "a list of strings");
    return values;
  }
  for (const Json& each : *found) {
    if (!each.is_string()) {
      fail(key, "a list of strings");
      return values;
    }
    values.push_back(each.get<std::string>());
  }
  return values;
}

std::vector<int32_t> JsonReader::token_ids(std::string_view key) {
  const Json* found = find(key);
  if (found == nullptr) return {};
  const auto is_id = [](const Json& each) {
    return each.is_number_integer() && each >= 0 && each <= INT32_MAX;
  };
  if (is_id(*found)) return {found->get<int32_t>()};
  if (found->is_number_integer() && *found == -1) return {};  // older configs' way to say none
  std::vector<int32_t> ids;
  if (found->is_array()) {
    for (const Json& each : *found) {
      if (!is_id(each)) break;
      ids.push_back(each.get<int32_t>());
    }
    if (ids.size() == found->size()) return ids;
  }
  fail(key, "a token id or a list of token ids");
  return {};
}

const Json* JsonReader::object(std::string_view key) {
  const Json* found = find(key);
  if (found == nullptr || found->is_object()) return found;
  fail(key, "an object");
  return nullptr;
}

}  // namespace spyre::checkpoint
