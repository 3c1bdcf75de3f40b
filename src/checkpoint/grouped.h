// GPTQ (Frantar et al. 2022, arXiv 2210.17323) and AWQ (Lin et al. 2023, arXiv 2306.00978) weights:
// small integers packed into 32-bit words, with a scale and a zero point per group of input
// columns.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/json.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/safetensors.h"

namespace spyre::checkpoint {

struct QuantizationConfig {
  enum class Method { kGptq, kAwq };
  Method method = Method::kGptq;
  int bits = 4;                // 4 or 8 (AWQ: 4)
  int64_t group_columns = -1;  // -1: one group over all columns
  bool zero_minus_one = true;  // GPTQ's older form stores zero - 1
};

// config: a "quantization_config" or quantize_config.json. kUnsupported: another method or number
// of bits.
Result<QuantizationConfig> read_quantization_config(const Json& config, std::string_view source);

// The linear layer "prefix" made of prefix.qweight, .qzeros, .scales and perhaps .g_idx. kNotFound:
// a part is missing; kDataLoss: parts of shapes or types that do not fit each other. Borrows the
// index's data.
Result<std::shared_ptr<const GroupedSource>> open_grouped(const SafetensorsIndex& index,
                                                          std::string_view prefix,
                                                          const QuantizationConfig& config);

}  // namespace spyre::checkpoint
