// One name per tensor, however a checkpoint was saved: with its head or without, under its family's
// word or not.
#pragma once

#include "base/result.h"
#include "checkpoint/model_config.h"
#include "checkpoint/safetensors.h"

namespace spyre::checkpoint {

// Renames an index's tensors to what graphs ask for. Encoders: without "bert.", "roberta.",
// "mpnet." or "model." before them, LayerNorm's gamma and beta as weight and bias. Decoders saved
// without their output matrix: with "model." before them. kDataLoss: two tensors get one name.
Status use_canonical_names(const ModelConfig& config, std::string_view source,
                           SafetensorsIndex& index);

}  // namespace spyre::checkpoint
