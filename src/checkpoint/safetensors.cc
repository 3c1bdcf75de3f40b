#include "checkpoint/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "checkpoint/byte_ranges.h"

namespace spyre::checkpoint {

namespace {

constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr int kMaxHeaderDepth = 8;

struct TypeInfo {
  std::string_view name;
  SafetensorsType type;
  int64_t bytes;
};
constexpr TypeInfo kTypes[] = {
    {"F32", SafetensorsType::kF32, 4},       {"F16", SafetensorsType::kF16, 2},
    {"BF16", SafetensorsType::kBF16, 2},     {"I32", SafetensorsType::kI32, 4},
    {"I64", SafetensorsType::kI64, 8},       {"F64", SafetensorsType::kOther, 8},
    {"I16", SafetensorsType::kOther, 2},     {"U16", SafetensorsType::kOther, 2},
    {"I8", SafetensorsType::kOther, 1},      {"U8", SafetensorsType::kOther, 1},
    {"BOOL", SafetensorsType::kOther, 1},    {"U32", SafetensorsType::kOther, 4},
    {"U64", SafetensorsType::kOther, 8},     {"F8_E4M3", SafetensorsType::kOther, 1},
    {"F8_E5M2", SafetensorsType::kOther, 1},
};

// A JSON array of non-negative integers.
Result<std::vector<int64_t>> integers(const nlohmann::json& tensor, const char* key,
                                      size_t max_count) {
  const auto found = tensor.find(key);
  if (found == tensor.end() || !found->is_array() || found->size() > max_count) {
    return error(Code::kDataLoss, "'{}' is not a list of at most {} integers", key, max_count);
  }
  std::vector<int64_t> values;
  for (const nlohmann::json& each : *found) {
    if (!each.is_number_unsigned() || each.get<uint64_t>() > INT64_MAX) {
      return error(Code::kDataLoss, "'{}' holds something else than sizes", key);
    }
    values.push_back(each.get<int64_t>());
  }
  return values;
}

Result<SafetensorsEntry> read_entry(const nlohmann::json& tensor, std::span<const std::byte> data) {
  if (!tensor.is_object() || !tensor.contains("dtype") || !tensor["dtype"].is_string()) {
    return error(Code::kDataLoss, "it has no dtype");
  }
  SafetensorsEntry entry;
  entry.type_name = tensor["dtype"].get<std::string>();
  const auto type = std::ranges::find(kTypes, std::string_view(entry.type_name), &TypeInfo::name);
  if (type == std::end(kTypes)) {
    return error(Code::kUnsupported, "dtype '{}' is not known", entry.type_name);
  }
  entry.type = type->type;
  SPYRE_TRY_ASSIGN(entry.shape, integers(tensor, "shape", 8));
  SPYRE_TRY_ASSIGN(const std::vector<int64_t> range, integers(tensor, "data_offsets", 2));
  const auto size = static_cast<int64_t>(data.size());
  if (range.size() != 2 || range[0] > range[1] || range[1] > size) {
    return error(Code::kDataLoss, "its data_offsets [{}] do not lie in the {} bytes of data",
                 fmt::join(range, ", "), size);
  }
  int64_t wanted = type->bytes;
  for (const int64_t dim : entry.shape) {
    if (dim != 0 && wanted > INT64_MAX / dim) return error(Code::kDataLoss, "its shape overflows");
    wanted *= dim;
  }
  if (wanted != range[1] - range[0]) {
    return error(Code::kDataLoss, "{} of shape [{}] needs {} bytes, its data_offsets give {}",
                 entry.type_name, fmt::join(entry.shape, ", "), wanted, range[1] - range[0]);
  }
  entry.data = data.subspan(static_cast<size_t>(range[0]), static_cast<size_t>(wanted));
  return entry;
}

// Parses the header. The JSON library would keep the last of two equal names; a file with two is
// damaged. Its object keeps sorted names: order does not matter here, and a hostile header with a
// million names stays linear.
Result<nlohmann::json> parse_header(std::string_view header, std::string_view source) {
  std::set<std::string> names;
  std::string duplicate;
  const auto watch = [&](int depth, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    if (event == nlohmann::json::parse_event_t::key && depth == 1 &&
        !names.insert(parsed.get<std::string>()).second) {
      duplicate = parsed.get<std::string>();
    }
    return depth <= kMaxHeaderDepth;
  };
  nlohmann::json parsed = nlohmann::json::parse(header, watch, /*allow_exceptions=*/false);
  if (!duplicate.empty()) {
    return error(Code::kDataLoss, "{}: tensor '{}' is listed twice", source, duplicate);
  }
  if (!parsed.is_object()) {
    return error(Code::kDataLoss, "{}: the header is no JSON object of tensors", source);
  }
  return parsed;
}

}  // namespace

Result<SafetensorsIndex> parse_safetensors(std::span<const std::byte> file,
                                           std::string_view source) {
  uint64_t header_bytes = 0;
  if (file.size() < sizeof(header_bytes)) {
    return error(Code::kDataLoss, "{}: {} bytes are too few for a safetensors file", source,
                 file.size());
  }
  std::memcpy(&header_bytes, file.data(), sizeof(header_bytes));
  const auto rest = file.subspan(sizeof(header_bytes));
  if (header_bytes > rest.size() || header_bytes > kMaxHeaderBytes) {
    return error(Code::kDataLoss,
                 "{}: the header is said to be {} bytes long, the file has {} (at most {} are "
                 "accepted); it is truncated or no safetensors file",
                 source, header_bytes, rest.size(), kMaxHeaderBytes);
  }
  const std::string_view header(reinterpret_cast<const char*>(rest.data()), header_bytes);
  SPYRE_TRY_ASSIGN(const nlohmann::json parsed, parse_header(header, source));
  SafetensorsIndex index;
  for (const auto& [name, tensor] : parsed.items()) {
    if (name == "__metadata__") continue;
    auto entry = read_entry(tensor, rest.subspan(header_bytes));
    if (!entry) {
      return error(entry.error().code, "{}: tensor '{}': {}", source, name, entry.error().message);
    }
    index.emplace(name, std::move(*entry));
  }
  std::vector<NamedRange> ranges;
  for (const auto& [name, entry] : index) ranges.emplace_back(name, entry.data);
  SPYRE_TRY(check_no_overlap(std::move(ranges), source));
  return index;
}

}  // namespace spyre::checkpoint
