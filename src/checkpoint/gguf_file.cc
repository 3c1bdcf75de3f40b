#include "checkpoint/gguf_file.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "checkpoint/byte_cursor.h"
#include "checkpoint/byte_ranges.h"
#include "checkpoint/gguf_metadata.h"

namespace spyre::checkpoint {

namespace {

constexpr uint32_t kMagic = 0x46554747;  // "GGUF"
constexpr uint64_t kMaxKeys = 4096;
constexpr uint64_t kMaxTensors = 1 << 17;
constexpr uint32_t kMaxDimensions = 4;
constexpr uint64_t kDefaultAlignment = 32;
constexpr uint64_t kMaxAlignment = 1 << 20;

// By ggml's number. Types without a format of ours are known for messages only.
constexpr std::string_view kTypeNames[] = {
    "F32",   "F16",        "Q4_0",       "Q4_1",       "Q4_2",     "Q4_3",     "Q5_0",
    "Q5_1",  "Q8_0",       "Q8_1",       "Q2_K",       "Q3_K",     "Q4_K",     "Q5_K",
    "Q6_K",  "Q8_K",       "IQ2_XXS",    "IQ2_XS",     "IQ3_XXS",  "IQ1_S",    "IQ4_NL",
    "IQ3_S", "IQ2_S",      "IQ4_XS",     "I8",         "I16",      "I32",      "I64",
    "F64",   "IQ1_M",      "BF16",       "Q4_0_4_4",   "Q4_0_4_8", "Q4_0_8_8", "TQ1_0",
    "TQ2_0", "IQ4_NL_4_4", "IQ4_NL_4_8", "IQ4_NL_8_8", "MXFP4",
};

Result<Format> tensor_format(uint32_t type) {
  const bool known = type < std::size(kTypeNames);
  if (const auto format = known ? format_named(kTypeNames[type]) : std::nullopt) return *format;
  std::vector<std::string_view> supported;
  for (const FormatInfo& each : kFormats) {
    if (!is_grouped(each.format)) supported.push_back(each.name);
  }
  return error(Code::kUnsupported, "its type is {} ({}); supported are {}", type,
               known ? kTypeNames[type] : "unknown", fmt::join(supported, ", "));
}

struct TensorRecord {
  std::string name;
  uint32_t type = 0;
  std::vector<uint64_t> dims;  // innermost first, as in the file
  uint64_t offset = 0;         // from the start of the data
};

Result<TensorRecord> read_record(ByteCursor& cursor) {
  TensorRecord record;
  SPYRE_TRY_ASSIGN(record.name, read_gguf_name(cursor));
  const auto num_dims = cursor.number<uint32_t>();
  if (num_dims > kMaxDimensions) {
    return error(Code::kDataLoss, "'{}' has {} dimensions, more than {}", record.name, num_dims,
                 kMaxDimensions);
  }
  for (uint32_t i = 0; i < num_dims; ++i) record.dims.push_back(cursor.number<uint64_t>());
  record.type = cursor.number<uint32_t>();
  record.offset = cursor.number<uint64_t>();
  if (cursor.failed()) return error(Code::kDataLoss, "the file ends inside its record");
  return record;
}

// Bytes of a tensor. kDataLoss: a row is no whole number of blocks, or the size overflows.
Result<uint64_t> tensor_bytes(const TensorRecord& record, Format format) {
  const auto block_elements = static_cast<uint64_t>(info(format).block_elements);
  const uint64_t columns = record.dims.empty() ? 1 : record.dims[0];
  if (columns % block_elements != 0) {
    return error(Code::kDataLoss, "rows of {} columns are no whole number of {} blocks of {}",
                 columns, name(format), block_elements);
  }
  uint64_t bytes = static_cast<uint64_t>(info(format).block_bytes);
  const auto grow = [&](uint64_t times) {
    const bool fits = times <= INT64_MAX && (times == 0 || bytes <= INT64_MAX / times);
    bytes *= times;
    return fits;
  };
  bool fits = grow(columns / block_elements) && columns <= INT64_MAX;
  for (size_t i = 1; i < record.dims.size() && fits; ++i) fits = grow(record.dims[i]);
  if (!fits) {
    return error(Code::kDataLoss, "its shape [{}] overflows", fmt::join(record.dims, ", "));
  }
  return bytes;
}

Result<GgufTensor> locate(const TensorRecord& record, std::span<const std::byte> data,
                          uint64_t alignment) {
  GgufTensor tensor;
  SPYRE_TRY_ASSIGN(tensor.format, tensor_format(record.type));
  SPYRE_TRY_ASSIGN(const uint64_t bytes, tensor_bytes(record, tensor.format));
  if (record.offset % alignment != 0) {
    return error(Code::kDataLoss, "its offset {} is no multiple of the alignment {}", record.offset,
                 alignment);
  }
  if (record.offset > data.size() || bytes > data.size() - record.offset) {
    return error(Code::kDataLoss,
                 "{} of shape [{}] needs {} bytes at offset {}, the file has {} bytes of data; it "
                 "is truncated or damaged",
                 name(tensor.format), fmt::join(record.dims, ", "), bytes, record.offset,
                 data.size());
  }
  tensor.shape.assign(record.dims.rbegin(), record.dims.rend());
  tensor.data = data.subspan(static_cast<size_t>(record.offset), static_cast<size_t>(bytes));
  return tensor;
}

Result<uint64_t> read_alignment(const Json& metadata, std::string_view source) {
  const auto found = metadata.find("general.alignment");
  if (found == metadata.end()) return kDefaultAlignment;
  const uint64_t value = found->is_number_unsigned() ? found->get<uint64_t>() : 0;
  if (std::has_single_bit(value) && value <= kMaxAlignment) return value;
  return error(Code::kDataLoss,
               "{}: key 'general.alignment': wanted a power of two up to {}, found {}", source,
               kMaxAlignment, found->dump());
}

Result<GgufTensors> read_tensors(ByteCursor& cursor, uint64_t count, uint64_t alignment,
                                 std::span<const std::byte> file, std::string_view source) {
  std::vector<TensorRecord> records;
  for (uint64_t i = 0; i < count; ++i) {
    auto record = read_record(cursor);
    if (!record) {
      return error(record.error().code, "{}: tensor {} of {}: {}", source, i + 1, count,
                   record.error().message);
    }
    records.push_back(std::move(*record));
  }
  const size_t data_start = (cursor.position() + alignment - 1) / alignment * alignment;
  const auto data = file.subspan(std::min(data_start, file.size()));
  GgufTensors tensors;
  for (const TensorRecord& record : records) {
    auto tensor = locate(record, data, alignment);
    if (!tensor) {
      return error(tensor.error().code, "{}: tensor '{}': {}", source, record.name,
                   tensor.error().message);
    }
    if (!tensors.emplace(record.name, std::move(*tensor)).second) {
      return error(Code::kDataLoss, "{}: tensor '{}' is listed twice", source, record.name);
    }
  }
  std::vector<NamedRange> ranges;
  for (const auto& [name, tensor] : tensors) ranges.emplace_back(name, tensor.data);
  SPYRE_TRY(check_no_overlap(std::move(ranges), source));
  return tensors;
}

Status check_version(uint32_t magic, uint32_t version, std::string_view source) {
  if (magic != kMagic) {
    return error(Code::kDataLoss, "{}: does not begin with 'GGUF'; it is no GGUF file", source);
  }
  if (version == 2 || version == 3) return {};
  if (std::byteswap(version) == 2 || std::byteswap(version) == 3) {
    return error(Code::kUnsupported, "{}: a big-endian GGUF file; wanted little-endian", source);
  }
  return error(Code::kUnsupported, "{}: GGUF version {}: wanted 2 or 3", source, version);
}

}  // namespace

Result<GgufFile> parse_gguf(std::span<const std::byte> bytes, std::string_view source) {
  ByteCursor cursor(bytes);
  const auto magic = cursor.number<uint32_t>();
  const auto version = cursor.number<uint32_t>();
  const auto num_tensors = cursor.number<uint64_t>();
  const auto num_keys = cursor.number<uint64_t>();
  if (cursor.failed()) {
    return error(Code::kDataLoss, "{}: {} bytes are too few for a GGUF file", source, bytes.size());
  }
  SPYRE_TRY(check_version(magic, version, source));
  if (num_tensors > kMaxTensors || num_keys > kMaxKeys) {
    return error(Code::kDataLoss, "{}: found {} tensors and {} keys: wanted at most {} and {}",
                 source, num_tensors, num_keys, kMaxTensors, kMaxKeys);
  }
  GgufFile file;
  SPYRE_TRY_ASSIGN(file.metadata, read_gguf_metadata(cursor, num_keys, source));
  SPYRE_TRY_ASSIGN(const uint64_t alignment, read_alignment(file.metadata, source));
  SPYRE_TRY_ASSIGN(file.tensors, read_tensors(cursor, num_tensors, alignment, bytes, source));
  return file;
}

}  // namespace spyre::checkpoint
