// From what the engine pooled to what an answer holds, for all inputs of a request.
#pragma once

#include <vector>

#include "serve/openai/pooling_job.h"
#include "serve/openai/vector_form.h"

namespace spyre::serve::openai {

struct LabelForm {
  bool probabilities = true;  // else logits
  bool exclusive = true;      // softmax, else sigmoid
};
LabelForm label_form(const PoolingModel& model, const RequestFields& fields);

std::vector<std::vector<float>> embed_all(PooledVectors pooled, const VectorForm& form);
std::vector<std::vector<float>> classify_all(PooledVectors pooled, const LabelForm& form);

}  // namespace spyre::serve::openai
