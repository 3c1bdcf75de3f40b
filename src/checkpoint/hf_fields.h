// Fields of config.json that every family spells alike.
#pragma once

#include <string_view>

#include "checkpoint/json_reader.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

ActivationFunction read_activation(JsonReader& r, std::string_view key, std::string_view otherwise);

// The float type, the vocabulary's size, whether embeddings are tied, the special tokens.
void read_common(JsonReader& r, ModelConfig& c);

}  // namespace spyre::checkpoint
