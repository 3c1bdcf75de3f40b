#include "model/families.h"

#include <algorithm>

namespace spyre::model {

namespace {

struct Family {
  std::string_view architecture;
  graph::Graph (*build)(const BuildRequest&);
};

constexpr Family kFamilies[] = {
    {"LlamaForCausalLM", build_llama},
    {"MistralForCausalLM", build_llama},
    {"Qwen2ForCausalLM", build_llama},
    {"Qwen3ForCausalLM", build_qwen3},
    {"GraniteForCausalLM", build_llama},
    {"GraniteMoeForCausalLM", build_granite_moe},
    {"Gemma3ForCausalLM", build_gemma3},
    {"Phi3ForCausalLM", build_phi3},
    {"GPTBigCodeForCausalLM", build_gpt_bigcode},
    {"OPTForCausalLM", build_opt},
};

}  // namespace

std::vector<std::string> supported_architectures() {
  std::vector<std::string> names;
  for (const Family& family : kFamilies) names.emplace_back(family.architecture);
  return names;
}

Result<graph::Graph> build(const checkpoint::ModelConfig& config, const StepShape& shape,
                           int64_t max_model_len) {
  const auto family =
      std::ranges::find(kFamilies, std::string_view(config.architecture), &Family::architecture);
  if (family == std::end(kFamilies)) {
    return error(Code::kUnsupported, "architecture '{}' is not supported; supported are {}",
                 config.architecture, fmt::join(supported_architectures(), ", "));
  }
  return family->build({.config = config, .shape = shape, .max_model_len = max_model_len});
}

}  // namespace spyre::model
