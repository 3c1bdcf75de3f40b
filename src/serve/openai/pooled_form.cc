#include "serve/openai/pooled_form.h"

#include "engine/pooled_values.h"

namespace spyre::serve::openai {

LabelForm label_form(const PoolingModel& model, const RequestFields& fields) {
  return {.probabilities = fields.use_activation.value_or(model.activate),
          .exclusive = model.exclusive_labels};
}

std::vector<std::vector<float>> embed_all(PooledVectors pooled, const VectorForm& form) {
  std::vector<std::vector<float>> vectors;
  vectors.reserve(pooled.size());
  for (const auto& each : pooled) {
    vectors.push_back(engine::embedding(each, form.dimensions, form.unit_length));
  }
  return vectors;
}

std::vector<std::vector<float>> classify_all(PooledVectors pooled, const LabelForm& form) {
  std::vector<std::vector<float>> labels;
  labels.reserve(pooled.size());
  for (const auto& each : pooled) {
    labels.push_back(form.probabilities ? engine::label_probabilities(each, form.exclusive) : each);
  }
  return labels;
}

}  // namespace spyre::serve::openai
