// What the API has to know of a model that pools instead of generating: the words of a checkpoint's
// head, without the head. Filled by whoever starts the server.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace spyre::serve::openai {

enum class PoolingTask : uint8_t {
  kEmbed,     // a vector to compare with others
  kClassify,  // logits of labels; of one label: a score
};

struct PoolingModel {
  PoolingTask task = PoolingTask::kEmbed;
  int64_t columns = 0;     // of what the engine answers: of a vector, or one for each label
  int64_t max_tokens = 0;  // longest input that the model takes; 0: Service::max_model_len
  // Where a request says nothing: whether vectors are scaled to length 1, or logits become
  // probabilities.
  bool activate = true;
  // Whether the first columns of a vector are a vector, too (Matryoshka), and how many make one;
  // none named: any number.
  bool matryoshka = false;
  std::vector<int64_t> matryoshka_dimensions = {};
  std::optional<int64_t> dimensions = {};  // of vectors where a request says nothing; none: all

  std::vector<std::string> labels = {};  // by the place of their logit; may be unknown
  // Labels exclude each other (softmax), or each stands for itself (sigmoid), as a single one does.
  bool exclusive_labels = true;

  std::map<std::string, std::string> prompts = {};  // put before a text that asks for one by name
};

}  // namespace spyre::serve::openai
