// Is a run one of the known configurations? The architecture decides which entry of the catalogue
// speaks for a model, the numbers of the run which of its configurations. Values in, values out.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plan/known_models.h"
#include "schedule/shape.h"

namespace spyre::plan {

// What is about to run.
struct RunShape {
  int64_t tensor_parallel = 1;
  // Static batching: its shapes. Empty: one batch of changing members, within the two limits.
  std::vector<schedule::Shape> shapes = {};
  int64_t max_model_len = 0;
  int64_t max_num_seqs = 0;
};

// "tp 1, warmup shapes (64,20,1)", in the words of text(KnownStatic) and text(KnownContinuous).
std::string text(const RunShape& run);

// Fields of a pattern, those inside maps and the maps themselves included.
int64_t field_count(const Json& architecture);

// Whether the model has every field of the pattern, with its value.
bool matches(const Json& architecture, const Json& model_fields);

// Borrows from the catalogue.
struct KnownRun {
  // Those whose pattern matches and has the most fields: several where a catalogue gives the same
  // pattern to several models. Empty: nobody knows this model.
  std::vector<const KnownModel*> models;
  // The one of them that has this configuration; null: the configuration is not known.
  const KnownModel* model = nullptr;
  std::string config;  // in words, when model is set
  // What it asks to be set; num_gpu_blocks_override is the caller's to translate.
  std::vector<KnownVariable> variables;
  std::optional<int64_t> num_gpu_blocks_override;

  bool known() const { return model != nullptr; }
};

// model_fields: Checkpoint::fields(). Static runs are known when their shapes are all among those
// of one configuration, others when both limits are equal.
KnownRun find_known_run(std::span<const KnownModel> catalogue, const Json& model_fields,
                        const RunShape& run);

// "NAME: tp 1, ...; tp 4, ...": what the catalogue has for the models.
std::string known_configurations(std::span<const KnownModel* const> models);

}  // namespace spyre::plan
