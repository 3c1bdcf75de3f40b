#include "checkpoint/tensor_names.h"

#include <utility>

#include "checkpoint/config_check.h"

namespace spyre::checkpoint {

namespace {

constexpr std::string_view kEncoderPrefixes[] = {"bert.", "roberta.", "mpnet.", "model."};
constexpr std::string_view kDecoderParts[] = {"embed_tokens.", "layers.", "norm."};
// TensorFlow's words, which the first checkpoints of BERT kept.
constexpr std::pair<std::string_view, std::string_view> kNormParts[] = {
    {"LayerNorm.gamma", "LayerNorm.weight"}, {"LayerNorm.beta", "LayerNorm.bias"}};

std::string encoder_name(std::string_view stored) {
  for (const std::string_view prefix : kEncoderPrefixes) {
    if (!stored.starts_with(prefix)) continue;
    stored.remove_prefix(prefix.size());
    break;
  }
  for (const auto& [old, own] : kNormParts) {
    if (!stored.ends_with(old)) continue;
    return std::string(stored.substr(0, stored.size() - old.size())).append(own);
  }
  return std::string(stored);
}

std::string decoder_name(std::string_view stored) {
  for (const std::string_view part : kDecoderParts) {
    if (stored.starts_with(part)) return std::string("model.").append(stored);
  }
  return std::string(stored);
}

}  // namespace

Status use_canonical_names(const ModelConfig& config, std::string_view source,
                           SafetensorsIndex& index) {
  const bool encoder = is_encoder(config);
  SafetensorsIndex renamed;
  for (auto& [stored, entry] : index) {
    std::string name = encoder ? encoder_name(stored) : decoder_name(stored);
    const auto [place, is_new] = renamed.emplace(std::move(name), std::move(entry));
    if (!is_new) {
      return error(Code::kDataLoss, "{}: tensor '{}' is there twice, once as '{}'", source,
                   place->first, stored);
    }
  }
  index = std::move(renamed);
  return {};
}

}  // namespace spyre::checkpoint
