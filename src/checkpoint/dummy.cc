// --load-format dummy: a config without weights. A tensor's values depend on its name, the seed and
// the element's index alone, in integer arithmetic and exactly rounded floats, so every machine
// makes the same model.
#include <cmath>
#include <cstring>

#include "base/half.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/hf_folder.h"

namespace spyre::checkpoint {

namespace {

// FNV-1a: the name's part of the seed.
uint64_t hash(std::string_view name) {
  uint64_t h = 0xcbf29ce484222325u;
  for (const char c : name) h = (h ^ static_cast<uint8_t>(c)) * 0x100000001b3u;
  return h;
}

// Output `index` of SplitMix64 (Steele et al. 2014, OOPSLA) started at `seed`.
uint64_t splitmix(uint64_t seed, uint64_t index) {
  uint64_t z = seed + (index + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// Uniform in [-1, 1), multiples of 2^-23.
float uniform(uint64_t bits) {
  return static_cast<float>(static_cast<int32_t>(bits >> 40) - (1 << 23)) * 0x1p-23f;
}

struct Scale {
  float middle;
  float reach;  // values lie in [middle - reach, middle + reach)
};

// Matrices keep the variance of their input (reach^2 / 3 = 1 / columns), norms stay near one,
// biases near zero: activations and logits stay finite at any depth.
Scale scale_of(std::string_view name, std::span<const int64_t> shape) {
  if (shape.size() > 1) return {0.0f, std::sqrt(3.0f / static_cast<float>(shape.back()))};
  return {name.ends_with(".bias") ? 0.0f : 1.0f, 0.02f};
}

void store(Format format, float value, std::byte* target) {
  if (format == Format::kF32) {
    std::memcpy(target, &value, sizeof(value));
    return;
  }
  const uint16_t bits = format == Format::kF16 ? f32_to_f16(value) : f32_to_bf16(value);
  std::memcpy(target, &bits, sizeof(bits));
}

class DummyCheckpoint final : public Checkpoint {
 public:
  DummyCheckpoint(FolderConfigs configs, uint64_t seed)
      : configs_(std::move(configs)), seed_(seed) {}

  const ModelConfig& config() const override { return configs_.model; }
  void set_pooling(Pooling pooling) override { configs_.model.pooling = std::move(pooling); }
  const GenerationConfig& generation_config() const override { return configs_.generation; }
  Json fields() const override { return fields_of(configs_.json, config()); }
  bool is_gguf() const override { return false; }
  std::optional<Json> take_tokenizer_metadata() override { return std::nullopt; }
  int64_t file_bytes() const override { return 0; }
  bool has_tensor(std::string_view) const override { return true; }
  void drop_pages(const StoredTensor&) const override {}

  Result<StoredTensor> tensor_outline(std::string_view name,
                                      std::span<const int64_t> wanted_shape) const override {
    StoredTensor tensor;
    tensor.name = name;
    tensor.format = configs_.model.dtype;
    tensor.shape.assign(wanted_shape.begin(), wanted_shape.end());
    return tensor;
  }

  Result<StoredTensor> tensor(std::string_view name,
                              std::span<const int64_t> wanted_shape) const override {
    SPYRE_TRY_ASSIGN(StoredTensor tensor, tensor_outline(name, wanted_shape));
    uint64_t elements = 1;
    for (const int64_t dim : wanted_shape) elements *= static_cast<uint64_t>(dim);
    const auto element_bytes = static_cast<size_t>(info(tensor.format).block_bytes);
    std::vector<std::byte> values(elements * element_bytes);
    const Scale scale = scale_of(name, wanted_shape);
    const uint64_t start = splitmix(seed_, hash(name));
    for (uint64_t i = 0; i < elements; ++i) {
      const float value = scale.middle + scale.reach * uniform(splitmix(start, i));
      store(tensor.format, value, values.data() + i * element_bytes);
    }
    tensor.owned = std::make_shared<const std::vector<std::byte>>(std::move(values));
    tensor.data = *tensor.owned;
    return tensor;
  }

 private:
  FolderConfigs configs_;
  const uint64_t seed_;
};

}  // namespace

Result<std::unique_ptr<Checkpoint>> open_dummy(const std::filesystem::path& folder, uint64_t seed) {
  SPYRE_TRY_ASSIGN(FolderConfigs configs, read_folder_configs(folder));
  if (configs.model.pooling) {
    return error(Code::kUnsupported,
                 "{}: is a pooling model ({}): --load-format dummy is only for text generation",
                 folder.string(), configs.model.architecture);
  }
  return std::make_unique<DummyCheckpoint>(std::move(configs), seed);
}

}  // namespace spyre::checkpoint
