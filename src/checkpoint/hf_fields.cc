#include "checkpoint/hf_fields.h"

#include <algorithm>

#include "checkpoint/config_check.h"

namespace spyre::checkpoint {

namespace {

struct ActivationName {
  std::string_view name;
  ActivationFunction function;
};
constexpr ActivationName kActivations[] = {
    {"silu", ActivationFunction::kSilu},
    {"swish", ActivationFunction::kSilu},
    {"gelu", ActivationFunction::kGelu},
    {"gelu_pytorch_tanh", ActivationFunction::kGeluTanh},
    {"gelu_new", ActivationFunction::kGeluTanh},
    {"relu", ActivationFunction::kRelu},
};

Format read_dtype(JsonReader& r) {
  const char* key = r.has("dtype") ? "dtype" : "torch_dtype";
  const std::string name = r.text(key, "float32");
  if (name == "float32") return Format::kF32;
  if (name == "float16") return Format::kF16;
  if (name == "bfloat16") return Format::kBF16;
  r.fail(key, "float32, float16 or bfloat16");
  return Format::kF32;
}

}  // namespace

ActivationFunction read_activation(JsonReader& r, std::string_view key,
                                   std::string_view otherwise) {
  const std::string name = r.text(key, otherwise);
  const auto found = std::ranges::find(kActivations, std::string_view(name), &ActivationName::name);
  if (found != std::end(kActivations)) return found->function;
  r.fail(key, "silu, gelu, gelu_pytorch_tanh, gelu_new or relu");
  return ActivationFunction::kSilu;
}

void read_common(JsonReader& r, ModelConfig& c) {
  c.dtype = read_dtype(r);
  c.vocab_size = r.required_integer("vocab_size", 1, kMaxVocabulary);
  c.tie_word_embeddings = r.boolean("tie_word_embeddings", c.tie_word_embeddings);
  c.eos_token_ids = r.token_ids("eos_token_id");
  const std::vector<int32_t> bos = r.token_ids("bos_token_id");
  const std::vector<int32_t> pad = r.token_ids("pad_token_id");
  if (!bos.empty()) c.bos_token_id = bos[0];
  if (!pad.empty()) c.pad_token_id = pad[0];
}

}  // namespace spyre::checkpoint
