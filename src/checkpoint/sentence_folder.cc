#include "checkpoint/sentence_folder.h"

#include "checkpoint/hf_folder.h"
#include "checkpoint/sentence_transformers.h"

namespace spyre::checkpoint {

namespace {

namespace fs = std::filesystem;

// Older versions named the file after the transformer's kind.
constexpr const char* kLimitFiles[] = {"sentence_bert_config.json", "sentence_roberta_config.json",
                                       "sentence_camembert_config.json",
                                       "sentence_xlm-roberta_config.json"};

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

Result<Pooling> read_pooling(const fs::path& folder, const std::vector<SentenceModule>& modules,
                             const ModelConfig& config) {
  Pooling pooling;
  pooling.max_tokens = config.max_positions;
  for (const SentenceModule& module : modules) {
    const fs::path path = folder / module.path / "config.json";
    if (module.kind == SentenceModuleKind::kNormalize) pooling.normalize = true;
    if (module.kind == SentenceModuleKind::kPooling) {
      SPYRE_TRY_ASSIGN(const Json json, read_json_file(path));
      SPYRE_TRY_ASSIGN(pooling.type, read_pooling_mode(json, config.hidden_size, path.string()));
    }
    if (module.kind == SentenceModuleKind::kDense) {
      SPYRE_TRY_ASSIGN(const Json json, read_json_file(path));
      SPYRE_TRY_ASSIGN(
          DenseLayer layer,
          read_dense_module(json, module.path, pooling.columns(config.hidden_size), path.string()));
      pooling.layers.push_back(std::move(layer));
    }
  }
  return pooling;
}

Status read_modules(const fs::path& path, ModelConfig& config) {
  SPYRE_TRY_ASSIGN(const Json json, read_json_file(path));
  SPYRE_TRY_ASSIGN(const auto modules, read_sentence_modules(json, path.string()));
  if (modules.size() > 1) {
    SPYRE_TRY_ASSIGN(config.pooling, read_pooling(path.parent_path(), modules, config));
    return {};
  }
  // A transformer alone is a cross-encoder, whose class says what its head is.
  if (config.pooling && config.pooling->task == PoolingTask::kClassify) return {};
  return error(Code::kUnsupported, "{}: wanted a Pooling behind the Transformer, found none",
               path.string());
}

}  // namespace

Status read_sentence_folder(const fs::path& folder, ModelConfig& config) {
  const fs::path modules = folder / "modules.json";
  if (is_file(modules)) SPYRE_TRY(read_modules(modules, config));
  if (!config.pooling) return {};
  for (const char* name : kLimitFiles) {
    if (!is_file(folder / name)) continue;
    SPYRE_TRY_ASSIGN(const Json json, read_json_file(folder / name));
    SPYRE_TRY(read_sentence_limits(json, (folder / name).string(), *config.pooling));
    break;
  }
  const fs::path prompts = folder / "config_sentence_transformers.json";
  if (!is_file(prompts)) return {};
  SPYRE_TRY_ASSIGN(const Json json, read_json_file(prompts));
  return read_sentence_prompts(json, prompts.string(), *config.pooling);
}

}  // namespace spyre::checkpoint
