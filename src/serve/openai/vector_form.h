// How the numbers of vectors are written: which columns, scaled or not, as JSON, base64 or bytes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/openai/service.h"

namespace spyre::serve::openai {

enum class VectorEncoding : uint8_t {
  kFloat,      // a list of numbers
  kBase64,     // of the bytes
  kBytes,      // an answer of bytes, described by its header `metadata`
  kBytesOnly,  // the same without that header
};

enum class NumberType : uint8_t { kFloat32, kFloat16, kBfloat16 };

struct VectorForm {
  int64_t dimensions = 0;  // columns that are answered
  bool unit_length = false;
  VectorEncoding encoding = VectorEncoding::kFloat;
  NumberType type = NumberType::kFloat32;  // of bytes
  bool big_endian = false;                 // bytes
};

// What the request asks for, of an embedding model. Errors: bad_value, for dimensions that the
// model does not have, and types that are not served.
ApiResult<VectorForm> vector_form(const PoolingModel& model, const RequestFields& fields);

// The fields that say how numbers are written, without those of embedding models.
ApiResult<VectorForm> number_form(const RequestFields& fields);

std::string_view name(NumberType type);

std::string to_bytes(std::span<const float> values, const VectorForm& form);
std::string to_base64(std::string_view bytes);

}  // namespace spyre::serve::openai
