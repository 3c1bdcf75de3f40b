// What --dtype means, in one place: how float weights are kept, what matmul inputs are rounded to,
// how keys and values are stored. Norms, softmax, rope and sampling are always f32.
#pragma once

#include <optional>
#include <string_view>

#include "backend/weights.h"
#include "base/format.h"
#include "base/result.h"

namespace spyre::runner {

struct Precision {
  bool exact_inputs = false;  // matmul inputs stay f32, whatever the weights: the reference mode
  std::optional<Format>
      float_weights;  // float matrices are converted to this; none: kept as stored
  Format kv = Format::kF32;

  // dtype: auto, float32 (float), float16 (half) or bfloat16. auto is the checkpoint's own:
  // config_dtype for a folder; a GGUF file says it tensor by tensor. kInvalidArgument names the
  // legal values.
  static Result<Precision> resolve(std::string_view dtype, Format config_dtype, bool is_gguf);

  Format weight_format(Format stored) const;
  backend::InputType input_type(Format weight_format) const;
};

}  // namespace spyre::runner
