#include "serve/openai/vector_form.h"

#include <fmt/ranges.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bit>

#include "base/half.h"

namespace spyre::serve::openai {

namespace {

template <typename Bits>
void append(std::string& out, Bits bits, bool big_endian) {
  for (size_t i = 0; i < sizeof(Bits); ++i) {
    const size_t byte = big_endian ? sizeof(Bits) - 1 - i : i;
    out += static_cast<char>(bits >> (8 * byte) & 0xff);
  }
}

VectorEncoding encoding_of(std::string_view word) {
  if (word == "base64") return VectorEncoding::kBase64;
  if (word == "bytes") return VectorEncoding::kBytes;
  return word == "bytes_only" ? VectorEncoding::kBytesOnly : VectorEncoding::kFloat;
}

ApiStatus check_dimensions(const PoolingModel& model, int64_t wanted) {
  if (wanted == model.columns) return {};
  const auto& known = model.matryoshka_dimensions;
  if (!model.matryoshka) {
    return bad_value(
        "dimensions",
        fmt::format("dimensions: wanted {}, all that this model has, found {}: it is not known to "
                    "be trained for shorter vectors (Matryoshka); where it is, start the server "
                    "with --pooler-config '{{\"dimensions\": {}}}'",
                    model.columns, wanted, wanted));
  }
  if (!known.empty() && std::ranges::find(known, wanted) == known.end()) {
    return bad_value("dimensions", fmt::format("dimensions: wanted one of {} or {}, found {}",
                                               fmt::join(known, ", "), model.columns, wanted));
  }
  if (wanted < model.columns) return {};
  return bad_value("dimensions",
                   fmt::format("dimensions: wanted 1 to {}, found {}", model.columns, wanted));
}

}  // namespace

ApiResult<VectorForm> number_form(const RequestFields& fields) {
  VectorForm form{.encoding = encoding_of(fields.encoding_format),
                  .big_endian = fields.endianness == "big"};
  if (fields.embed_dtype.starts_with("fp8")) {
    return bad_value("embed_dtype",
                     fmt::format("embed_dtype: wanted float32, float16 or bfloat16, found {}",
                                 fields.embed_dtype));
  }
  if (fields.embed_dtype == "float16") form.type = NumberType::kFloat16;
  if (fields.embed_dtype == "bfloat16") form.type = NumberType::kBfloat16;
  return form;
}

ApiResult<VectorForm> vector_form(const PoolingModel& model, const RequestFields& fields) {
  SPYRE_TRY_ASSIGN(VectorForm form, number_form(fields));
  if (fields.dimensions) SPYRE_TRY(check_dimensions(model, *fields.dimensions));
  form.dimensions = fields.dimensions.value_or(model.dimensions.value_or(model.columns));
  form.unit_length = fields.use_activation.value_or(model.activate);
  return form;
}

std::string_view name(NumberType type) {
  switch (type) {
    case NumberType::kFloat16:
      return "float16";
    case NumberType::kBfloat16:
      return "bfloat16";
    case NumberType::kFloat32:
      break;
  }
  return "float32";
}

std::string to_bytes(std::span<const float> values, const VectorForm& form) {
  std::string bytes;
  for (const float value : values) {
    switch (form.type) {
      case NumberType::kFloat32:
        append(bytes, std::bit_cast<uint32_t>(value), form.big_endian);
        break;
      case NumberType::kFloat16:
        append(bytes, f32_to_f16(value), form.big_endian);
        break;
      case NumberType::kBfloat16:
        append(bytes, f32_to_bf16(value), form.big_endian);
        break;
    }
  }
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  // Writes a NUL behind the text, where a string has one.
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
  return text;
}

}  // namespace spyre::serve::openai
