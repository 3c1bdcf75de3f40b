#include "model/families.h"

#include <algorithm>

#include "model/validate.h"

namespace spyre::model {

namespace {

struct Family {
  std::string_view architecture;
  graph::Graph (*build)(const BuildRequest&);
  FamilyNeeds needs = {};
};

constexpr Family kFamilies[] = {
    {"LlamaForCausalLM", build_llama, {.pooling = Pools::kCan}},
    {"MistralForCausalLM", build_llama, {.pooling = Pools::kCan}},
    {"Qwen2ForCausalLM", build_llama, {.pooling = Pools::kCan}},
    {"Qwen3ForCausalLM", build_qwen3, {.pooling = Pools::kCan}},
    {"GraniteForCausalLM", build_llama, {.pooling = Pools::kCan}},
    {"GraniteMoeForCausalLM", build_granite_moe, {.experts = true}},
    {"Gemma3ForCausalLM", build_gemma3},
    {"Phi3ForCausalLM", build_phi3},
    {"GPTBigCodeForCausalLM", build_gpt_bigcode, {.rotary = false, .fused_mha = true}},
    {"OPTForCausalLM", build_opt, {.rotary = false}},
    {"BertModel", build_bert, {.rotary = false, .pooling = Pools::kAlways}},
    {"RobertaModel", build_bert, {.rotary = false, .pooling = Pools::kAlways}},
    {"MPNetModel", build_mpnet, {.rotary = false, .pooling = Pools::kAlways, .buckets = true}},
};

}  // namespace

std::vector<std::string> supported_architectures() {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) names.emplace_back(family.architecture);
  return names;
}

int64_t kv_layers(const checkpoint::ModelConfig& config) {
  return config.pooling ? 1 : config.num_layers;
}

Result<graph::Graph> build(const checkpoint::ModelConfig& config, const StepShape& shape,
                           int64_t max_model_len) {
  const auto family =
      std::ranges::find(kFamilies, std::string_view(config.architecture), &Family::architecture);
  if (family == std::end(kFamilies)) {
    return error(Code::kUnsupported, "architecture '{}' is not supported; supported are {}",
                 config.architecture, fmt::join(supported_architectures(), ", "));
  }
  SPYRE_TRY(validate(config, family->needs, max_model_len));
  SPYRE_TRY(validate(shape));
  if (config.pooling && shape.output_rows != shape.sequences) {
    return error(Code::kInvalidArgument,
                 "step shape: wanted an output row a sequence, found {}, {}", shape.output_rows,
                 shape.sequences);
  }
  return family->build({.config = config, .shape = shape, .max_model_len = max_model_len});
}

}  // namespace spyre::model
