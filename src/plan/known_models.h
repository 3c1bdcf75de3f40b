// The catalogue of known configurations: models, told apart by fields of their config.json, and the
// configurations that are known to run on cards. A YAML file; the built-in one is
// known_models.yaml, docs/known_configurations.md explains the format. What it means for a run:
// known_run.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace spyre::plan {

struct KnownShape {
  int64_t prompt_tokens = 0;
  std::optional<int64_t> new_tokens;  // pooling models have none
  int64_t batch_size = 0;
  bool operator==(const KnownShape&) const = default;
};

struct KnownStatic {
  int64_t tensor_parallel = 1;
  std::vector<KnownShape> shapes;
};

// What a configuration wants to be set, as it would be written.
struct KnownVariable {
  std::string name;
  std::string value;
  bool operator==(const KnownVariable&) const = default;
};

struct KnownContinuous {
  int64_t tensor_parallel = 1;
  int64_t max_model_len = 0;
  int64_t max_num_seqs = 0;
  std::vector<KnownVariable> variables = {};
  std::optional<int64_t> num_gpu_blocks_override = {};
};

struct KnownModel {
  std::string name;
  Json architecture;                   // fields that must be there with these values; may be nested
  std::vector<std::string> platforms;  // CPU architectures ("x86_64"); empty: all
  std::vector<KnownStatic> static_configs;
  std::vector<KnownContinuous> continuous_configs;
};

struct KnownModels {
  std::vector<KnownModel> models;
  std::vector<std::string> warnings;  // keys that nobody reads
};

// kInvalidArgument, with source and line: no YAML, a field without value, a number that is none, a
// model without model_type or without any configuration, a model or a configuration there twice.
Result<KnownModels> parse_known_models(std::string_view text, std::string_view source);

// known_models.yaml.
std::string_view built_in_known_models();

// "tp 4, max_model_len 32768, max_num_seqs 32"; "tp 1, shapes (2048,1024,16)".
std::string text(const KnownContinuous& config);
std::string text(const KnownStatic& config);

}  // namespace spyre::plan
