// How a pooling model turns the hidden states of a prompt into one vector: what a sentence-
// transformers folder says in its modules.json, or what a sequence classifier's head is.
// Reimers and Gurevych 2019 (arXiv 1908.10084).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace spyre::checkpoint {

enum class PoolingType : uint8_t {
  kCls,   // the first token
  kMean,  // of all tokens
  kMax,   // of all tokens, column by column
  kLast,  // the last token
};

enum class HeadActivation : uint8_t { kIdentity, kTanh, kRelu, kGelu, kSilu };

// A linear layer behind the pooling: tensors "name.weight" [outputs, inputs] and "name.bias".
struct DenseLayer {
  std::string name;  // "2_Dense.linear"; a file of its own, told apart by this prefix
  int64_t inputs = 0;
  int64_t outputs = 0;
  bool bias = false;
  HeadActivation activation = HeadActivation::kIdentity;
};

enum class PoolingTask : uint8_t {
  kEmbed,     // a vector to compare with others
  kClassify,  // logits of labels; with one label, or none named, a score
};

struct Pooling {
  PoolingTask task = PoolingTask::kEmbed;
  PoolingType type = PoolingType::kCls;
  std::vector<DenseLayer> layers =
      {};                  // behind the pooling, in order; a classifier's head among them
  bool normalize = false;  // embeddings: to length 1

  std::vector<std::string> labels = {};  // classify: by the place of their logit
  // classify: labels exclude each other (softmax), or each stands for itself (sigmoid), as a single
  // one does.
  bool exclusive_labels = true;
  // classify: false where the answer is the logits as they are (rerankers trained so, regression).
  bool activate = true;

  int64_t max_tokens = 0;                           // longest input, special tokens counted
  std::map<std::string, std::string> prompts = {};  // put before a text: "query" to "query: "
  std::optional<std::string> default_prompt = {};   // its name

  // Columns of the result: outputs of the last layer, or hidden_size.
  int64_t columns(int64_t hidden_size) const {
    return layers.empty() ? hidden_size : layers.back().outputs;
  }
};

}  // namespace spyre::checkpoint
