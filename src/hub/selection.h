// Which files of a repository make a model: a folder of configuration, tokenizer and safetensors,
// or one GGUF file with all its parts. The same weights in other containers (.bin, .pth, onnx, ...)
// are left where they are. The same rule picks from the hub's listing and from a folder of the
// cache.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "hub/model_id.h"
#include "hub/options.h"

namespace spyre::hub {

struct Selection {
  std::vector<std::string> files;
  std::string gguf;  // the GGUF file, of a split one its first part; empty: a folder
};

// paths: every file of the repository. Without id.gguf: the folder when there are safetensors, else
// the only GGUF file, else its Q4_K_M. A quantisation's name matches whole and in any case.
// Parts::kText: the tokenizer's files when there is a tokenizer.json, else a GGUF file.
// Errors: kNotFound (no such file or quantisation; the message lists what there is), kUnsupported
// (weights in other containers only), kInvalidArgument (the name fits several files), kDataLoss (a
// part of a split GGUF or a shard numbered "of N" is missing).
Result<Selection> select_files(std::span<const std::string> paths, const ModelId& id,
                               Parts parts = Parts::kAll);

}  // namespace spyre::hub
