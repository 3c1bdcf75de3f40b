// GGUF files that pool: those of encoders (general.architecture "bert", which RoBERTa and XLM-R are
// written as too, their rows of unused positions cut off), and the pooling that a decoder's file
// may ask for.
#pragma once

#include <string_view>

#include "base/json.h"
#include "checkpoint/gguf_file.h"
#include "checkpoint/json_reader.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

inline constexpr std::string_view kGgufEncoder = "bert";

// tensors: of all splits. Errors: those of read_gguf_config.
Result<ModelConfig> read_gguf_encoder(const Json& metadata, const GgufTensors& tensors,
                                      std::string_view source);

// A decoder's "<architecture>.pooling_type"; none where it is absent or 0. Errors are kept in r:
// kUnsupported for rerankers.
std::optional<Pooling> read_gguf_decoder_pooling(JsonReader& r, std::string_view architecture,
                                                 std::string_view source,
                                                 const ModelConfig& config);

}  // namespace spyre::checkpoint
