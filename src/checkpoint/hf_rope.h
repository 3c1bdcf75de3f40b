// Rotary settings of config.json, in every spelling: transformers 4 has rope_theta and
// rope_scaling, transformers 5 has rope_parameters, flat or one object per layer type.
#pragma once

#include <string_view>

#include "checkpoint/json_reader.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

// Fills c's rope fields; needs architecture, head_dim and max_positions. Errors are kept in r.
void read_rope(JsonReader& r, std::string_view source, ModelConfig& c);

}  // namespace spyre::checkpoint
