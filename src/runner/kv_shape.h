// The KV cache that a model wants.
#pragma once

#include "backend/kv_cache.h"
#include "model/model.h"

namespace spyre::runner {

inline backend::KvCacheShape kv_shape(const checkpoint::ModelConfig& config, Format format,
                                      int64_t blocks) {
  return {.format = format,
          .layers = model::kv_layers(config),
          .blocks = blocks,
          .kv_heads = config.num_kv_heads,
          .head_dim = config.head_dim};
}

}  // namespace spyre::runner
