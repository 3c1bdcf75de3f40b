// GGUF metadata ("llama.block_count", ...) to the same ModelConfig and GenerationConfig that
// Hugging Face folders give. What the metadata does not say is read off the tensors: vocabulary
// rows, tied embeddings, biases, rotary factors.
#pragma once

#include <string_view>

#include "base/json.h"
#include "checkpoint/generation_config.h"
#include "checkpoint/gguf_file.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

// tensors: of all splits. kInvalidArgument: a key is missing, of the wrong type or range.
// kUnsupported: the architecture (naming the known ones), its rope type, mixtures that its family
// does not have.
Result<ModelConfig> read_gguf_config(const Json& metadata, const GgufTensors& tensors,
                                     std::string_view source);

// Whether GGUF files of this ModelConfig::architecture keep q and k interleaved
// (StoredTensor::interleaved_heads).
bool has_interleaved_heads(std::string_view architecture);

// End tokens: eos, eot and eom, and the control tokens whose text is a known end of turn. Sampling
// defaults where the file has them ("general.sampling.*").
Result<GenerationConfig> read_gguf_generation_config(const Json& metadata, std::string_view source);

}  // namespace spyre::checkpoint
