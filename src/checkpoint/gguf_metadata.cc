#include "checkpoint/gguf_metadata.h"

#include <algorithm>

namespace spyre::checkpoint {

namespace {

constexpr uint64_t kMaxNameBytes = 1024;
// Over all arrays: vocabularies stay below 2^19 entries of three arrays.
constexpr uint64_t kMaxArrayElements = 1 << 23;
constexpr int kMaxArrayDepth = 4;

enum ValueType : uint32_t {
  kU8 = 0,
  kI8 = 1,
  kU16 = 2,
  kI16 = 3,
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kText = 8,
  kArray = 9,
  kU64 = 10,
  kI64 = 11,
  kF64 = 12,
};

// Bytes that a value of the type takes at least; 0: no such type.
uint64_t least_bytes(uint32_t type) {
  switch (type) {
    case kU8:
    case kI8:
    case kBool:
      return 1;
    case kU16:
    case kI16:
      return 2;
    case kU32:
    case kI32:
    case kF32:
      return 4;
    case kText:
    case kU64:
    case kI64:
    case kF64:
      return 8;
    case kArray:
      return 12;
    default:
      return 0;
  }
}

// Length of the well-formed UTF-8 sequence at the front of a non-empty text, 0 if there is none
// .
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool beyond = (lead == 0xed && byte(1) > 0x9f) || (lead == 0xf4 && byte(1) > 0x8f);
  return overlong || beyond ? 0 : length;
}

class MetadataReader {
 public:
  explicit MetadataReader(ByteCursor& cursor) : cursor_(cursor) {}

  // depth: arrays around the value.
  Result<Json> value(uint32_t type, int depth) {
    switch (type) {
      case kU8:
        return Json(cursor_.number<uint8_t>());
      case kI8:
        return Json(cursor_.number<int8_t>());
      case kU16:
        return Json(cursor_.number<uint16_t>());
      case kI16:
        return Json(cursor_.number<int16_t>());
      case kU32:
        return Json(cursor_.number<uint32_t>());
      case kI32:
        return Json(cursor_.number<int32_t>());
      case kF32:
        return Json(static_cast<double>(cursor_.number<float>()));
      case kBool:
        return Json(cursor_.number<uint8_t>() != 0);
      case kText:
        return text();
      case kArray:
        return array(depth);
      case kU64:
        return Json(cursor_.number<uint64_t>());
      case kI64:
        return Json(cursor_.number<int64_t>());
      case kF64:
        return Json(cursor_.number<double>());
      default:
        return error(Code::kDataLoss, "value type {} does not exist", type);
    }
  }

 private:
  Result<Json> text() {
    const std::string_view text = cursor_.text(cursor_.number<uint64_t>());
    if (!is_utf8(text)) return error(Code::kDataLoss, "it is not valid UTF-8");
    return Json(text);
  }

  Result<Json> array(int depth) {
    const auto type = cursor_.number<uint32_t>();
    const auto count = cursor_.number<uint64_t>();
    const uint64_t least = least_bytes(type);
    if (cursor_.failed()) return Json();
    if (least == 0) return error(Code::kDataLoss, "element type {} does not exist", type);
    if (depth == kMaxArrayDepth) {
      return error(Code::kDataLoss, "arrays are nested more than {} deep", kMaxArrayDepth);
    }
    if (count > cursor_.remaining() / least) {
      return error(Code::kDataLoss, "an array of {} elements does not fit into the {} bytes left",
                   count, cursor_.remaining());
    }
    elements_ += count;
    if (elements_ > kMaxArrayElements) {
      return error(Code::kUnsupported, "more than {} array elements in one file",
                   kMaxArrayElements);
    }
    Json::array_t elements;
    elements.reserve(static_cast<size_t>(count));
    for (uint64_t i = 0; i < count; ++i) {
      SPYRE_TRY_ASSIGN(Json element, value(type, depth + 1));
      if (cursor_.failed()) return Json();
      elements.push_back(std::move(element));
    }
    return Json(std::move(elements));
  }

  ByteCursor& cursor_;
  uint64_t elements_ = 0;
};

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

Result<std::string> read_gguf_name(ByteCursor& cursor) {
  const auto bytes = cursor.number<uint64_t>();
  const std::string_view name = cursor.text(std::min(bytes, kMaxNameBytes));
  const bool sound = bytes > 0 && bytes <= kMaxNameBytes && is_utf8(name);
  if (!cursor.failed() && !sound) {
    return error(Code::kDataLoss, "its name: wanted 1 to {} bytes of UTF-8, found {} bytes",
                 kMaxNameBytes, bytes);
  }
  return std::string(name);
}

Result<Json> read_gguf_metadata(ByteCursor& cursor, uint64_t count, std::string_view source) {
  Json metadata = Json::object();
  MetadataReader reader(cursor);
  for (uint64_t i = 0; i < count; ++i) {
    const auto key = read_gguf_name(cursor);
    if (!key) {
      return error(Code::kDataLoss, "{}: key {} of {}: {}", source, i + 1, count,
                   key.error().message);
    }
    auto value = reader.value(cursor.number<uint32_t>(), 0);
    if (cursor.failed()) {
      return error(Code::kDataLoss, "{}: the file ends in key {} of {} ('{}')", source, i + 1,
                   count, *key);
    }
    if (!value) {
      return error(value.error().code, "{}: key '{}': {}", source, *key, value.error().message);
    }
    if (!metadata.emplace(*key, std::move(*value)).second) {
      return error(Code::kDataLoss, "{}: key '{}' is there twice", source, *key);
    }
  }
  return metadata;
}

}  // namespace spyre::checkpoint
