#include "runner/precision.h"

namespace spyre::runner {

namespace {

Precision of_floats(Format dtype) {
  // f32 keeps the weights as stored: 16-bit values are exact in f32 and half the bytes.
  if (dtype == Format::kF32) return {.exact_inputs = true, .float_weights = {}, .kv = dtype};
  return {.exact_inputs = false, .float_weights = dtype, .kv = dtype};
}

}  // namespace

Result<Precision> Precision::resolve(std::string_view dtype, Format config_dtype, bool is_gguf) {
  if (dtype == "auto") {
    if (is_gguf) return Precision{.exact_inputs = false, .float_weights = {}, .kv = Format::kF16};
    return of_floats(config_dtype);
  }
  if (dtype == "float32" || dtype == "float") return of_floats(Format::kF32);
  if (dtype == "float16" || dtype == "half") return of_floats(Format::kF16);
  if (dtype == "bfloat16") return of_floats(Format::kBF16);
  return error(Code::kInvalidArgument,
               "--dtype: wanted auto, bfloat16, float16 (half) or float32 (float), found '{}'",
               dtype);
}

Format Precision::weight_format(Format stored) const {
  return is_float(stored) && float_weights ? *float_weights : stored;
}

backend::InputType Precision::input_type(Format weight_format) const {
  if (exact_inputs) return backend::InputType::kF32;
  switch (weight_format) {
    case Format::kF32:
      return backend::InputType::kF32;
    case Format::kF16:
      return backend::InputType::kF16;
    case Format::kBF16:
      return backend::InputType::kBF16;
    default:
      return backend::InputType::kInt8;
  }
}

}  // namespace spyre::runner
