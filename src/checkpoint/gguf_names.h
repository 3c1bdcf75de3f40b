// From Hugging Face tensor names to those of GGUF, for the architectures that llama.cpp's converter
// writes. Names only: which of them a file has, and how its rows lie, is the checkpoint's business.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spyre::checkpoint {

struct GgufName {
  std::string whole;  // the tensor's own name; empty: GGUF has no such tensor
  std::vector<std::string>
      parts;  // where whole is absent: tensors whose rows, joined in this order, make it
};

// architecture: ModelConfig's ("LlamaForCausalLM"). name: "model.layers.3.mlp.up_proj.weight" gives
// "blk.3.ffn_up.weight".
GgufName gguf_name(std::string_view architecture, std::string_view name);

}  // namespace spyre::checkpoint
