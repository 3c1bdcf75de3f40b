// A Hugging Face folder: config.json, perhaps generation_config.json, and one safetensors file or
// several with an index.
#include "checkpoint/hf_folder.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/mapped_file.h"
#include "checkpoint/grouped.h"
#include "checkpoint/hf_config.h"
#include "checkpoint/safetensors.h"
#include "checkpoint/sentence_folder.h"
#include "checkpoint/tensor_names.h"

namespace spyre::checkpoint {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWeightSuffix = ".weight";

std::optional<Format> float_format(SafetensorsType type) {
  switch (type) {
    case SafetensorsType::kF32:
      return Format::kF32;
    case SafetensorsType::kF16:
      return Format::kF16;
    case SafetensorsType::kBF16:
      return Format::kBF16;
    default:
      return std::nullopt;
  }
}

// model.safetensors.index.json: which shard has which tensor. Names of shards are plain: no
// folders, no way out of this one.
Result<std::map<std::string, std::string>> read_weight_map(const fs::path& index_path) {
  SPYRE_TRY_ASSIGN(const Json index, read_json_file(index_path));
  const auto map = index.find("weight_map");
  if (!index.is_object() || map == index.end() || !map->is_object() || map->empty()) {
    return error(Code::kDataLoss, "{}: has no weight_map", index_path.string());
  }
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, value] : map->items()) {
    const std::string name = value.is_string() ? value.get<std::string>() : "";
    if (name.empty() || fs::path(name).filename() != name || name == "..") {
      return error(Code::kDataLoss, "{}: weight_map names '{}', not a file of this folder",
                   index_path.string(), name);
    }
    shards.emplace(tensor, name);
  }
  return shards;
}

SafetensorsIndex with_prefix(std::string_view prefix, SafetensorsIndex index) {
  SafetensorsIndex longer;
  for (auto& [name, entry] : index) longer.emplace(fmt::format("{}{}", prefix, name), entry);
  return longer;
}

class HfFolder final : public Checkpoint {
 public:
  static Result<std::unique_ptr<Checkpoint>> open(const fs::path& folder);

  const ModelConfig& config() const override { return config_; }
  void set_pooling(Pooling pooling) override { config_.pooling = std::move(pooling); }
  const GenerationConfig& generation_config() const override { return generation_; }
  Json fields() const override { return fields_of(json_, config()); }
  bool is_gguf() const override { return false; }
  std::optional<Json> take_tokenizer_metadata() override { return std::nullopt; }
  int64_t file_bytes() const override { return file_bytes_; }

  bool has_tensor(std::string_view name) const override {
    return index_.contains(name) || is_grouped_weight(name);
  }

  Result<StoredTensor> tensor(std::string_view name,
                              std::span<const int64_t> wanted_shape) const override {
    if (!is_grouped_weight(name)) return plain_tensor(name, wanted_shape);
    return grouped_tensor(name, wanted_shape);
  }

  void drop_pages(const StoredTensor& tensor) const override {
    if (const MappedFile* file = file_of(tensor.data)) file->drop(tensor.data);
  }

 private:
  Status open_weights(const fs::path& folder);
  // prefix: put before the names of its tensors.
  Status open_shard(const fs::path& path, std::string_view prefix = {});
  Status open_dense_modules();

  bool is_grouped_weight(std::string_view name) const {
    if (!quantization_ || !name.ends_with(kWeightSuffix)) return false;
    return index_.contains(fmt::format("{}.qweight", prefix_of(name)));
  }
  static std::string_view prefix_of(std::string_view name) {
    return name.substr(0, name.size() - kWeightSuffix.size());
  }

  // Null when no file has these bytes: the data of an empty or a grouped tensor.
  const MappedFile* file_of(std::span<const std::byte> data) const {
    const auto has = [&](const MappedFile& file) {
      const auto bytes = file.bytes();
      return !data.empty() && data.data() >= bytes.data() &&
             data.data() < bytes.data() + bytes.size();
    };
    const auto found = std::ranges::find_if(files_, has);
    return found == files_.end() ? nullptr : &*found;
  }

  // For messages.
  std::string source_of(std::span<const std::byte> data) const {
    const MappedFile* file = file_of(data);
    return (file != nullptr ? file->path() : folder_).string();
  }

  Result<StoredTensor> plain_tensor(std::string_view name,
                                    std::span<const int64_t> wanted_shape) const {
    const auto found = index_.find(name);
    if (found == index_.end()) {
      return error(Code::kNotFound, "{}: tensor '{}' is missing", folder_.string(), name);
    }
    const SafetensorsEntry& entry = found->second;
    SPYRE_TRY(check_shape(source_of(entry.data), name, wanted_shape, entry.shape));
    const auto format = float_format(entry.type);
    if (!format) {
      return error(Code::kUnsupported, "{}: tensor '{}': wanted F32, F16 or BF16, found {}",
                   source_of(entry.data), name, entry.type_name);
    }
    StoredTensor tensor;
    tensor.name = name;
    tensor.format = *format;
    tensor.shape = entry.shape;
    tensor.data = entry.data;
    return tensor;
  }

  Result<StoredTensor> grouped_tensor(std::string_view name,
                                      std::span<const int64_t> wanted_shape) const {
    auto source = open_grouped(index_, prefix_of(name), *quantization_);
    if (!source) {
      return error(source.error().code, "{}: {}", folder_.string(), source.error().message);
    }
    StoredTensor tensor;
    tensor.name = name;
    tensor.format = quantization_->bits == 4 ? Format::kGrouped4 : Format::kGrouped8;
    tensor.shape = {(*source)->rows(), (*source)->columns()};
    tensor.grouped = std::move(*source);
    SPYRE_TRY(check_shape(folder_.string(), name, wanted_shape, tensor.shape));
    return tensor;
  }

  static Status check_shape(std::string_view source, std::string_view name,
                            std::span<const int64_t> wanted, std::span<const int64_t> found) {
    if (std::ranges::equal(wanted, found)) return {};
    return error(Code::kDataLoss, "{}: tensor '{}': wanted shape [{}], found [{}]", source, name,
                 fmt::join(wanted, ", "), fmt::join(found, ", "));
  }

  fs::path folder_;
  Json json_;  // config.json
  ModelConfig config_;
  GenerationConfig generation_;
  std::optional<QuantizationConfig> quantization_;
  std::vector<MappedFile> files_;
  SafetensorsIndex index_;  // of all shards
  int64_t file_bytes_ = 0;
};

Status HfFolder::open_shard(const fs::path& path, std::string_view prefix) {
  SPYRE_TRY_ASSIGN(MappedFile file, MappedFile::open(path));
  SPYRE_TRY_ASSIGN(SafetensorsIndex index, parse_safetensors(file.bytes(), path.string()));
  if (!prefix.empty()) index = with_prefix(prefix, std::move(index));
  index_.merge(index);
  if (!index.empty()) {
    return error(Code::kDataLoss, "{}: tensor '{}' is in another shard too", path.string(),
                 index.begin()->first);
  }
  file_bytes_ += static_cast<int64_t>(file.bytes().size());
  files_.push_back(std::move(file));
  return {};
}

// Dense modules have a folder and a file each; the folder's name is in that of their layer.
Status HfFolder::open_dense_modules() {
  if (!config_.pooling || config_.pooling->task != PoolingTask::kEmbed) return {};
  for (const DenseLayer& layer : config_.pooling->layers) {
    const std::string module = layer.name.substr(0, layer.name.rfind('.'));
    SPYRE_TRY(open_shard(folder_ / module / "model.safetensors", fmt::format("{}.", module)));
  }
  return {};
}

Status HfFolder::open_weights(const fs::path& folder) {
  const fs::path single = folder / "model.safetensors";
  const fs::path index = folder / "model.safetensors.index.json";
  std::error_code ignored;
  if (fs::exists(single, ignored)) return open_shard(single);
  if (!fs::exists(index, ignored)) {
    return error(Code::kNotFound,
                 "{}: found neither model.safetensors nor model.safetensors.index.json",
                 folder.string());
  }
  SPYRE_TRY_ASSIGN(const auto shards, read_weight_map(index));
  std::set<std::string> names;
  for (const auto& [tensor, name] : shards) names.insert(name);
  for (const std::string& name : names) SPYRE_TRY(open_shard(folder / name));
  for (const auto& [tensor, name] : shards) {
    if (index_.contains(tensor)) continue;
    return error(Code::kDataLoss, "{}: tensor '{}' is missing, though {} names it",
                 (folder / name).string(), tensor, index.filename().string());
  }
  return {};
}

Result<std::optional<QuantizationConfig>> read_quantization(const fs::path& folder,
                                                            const Json& config) {
  if (const auto found = config.find("quantization_config");
      found != config.end() && !found->is_null()) {
    return read_quantization_config(*found, (folder / "config.json").string());
  }
  std::error_code ignored;
  for (const char* name : {"quantize_config.json", "quant_config.json"}) {
    if (!fs::exists(folder / name, ignored)) continue;
    SPYRE_TRY_ASSIGN(const Json json, read_json_file(folder / name));
    return read_quantization_config(json, (folder / name).string());
  }
  return std::nullopt;
}

Result<std::unique_ptr<Checkpoint>> HfFolder::open(const fs::path& folder) {
  auto checkpoint = std::make_unique<HfFolder>();
  checkpoint->folder_ = folder;
  SPYRE_TRY_ASSIGN(FolderConfigs configs, read_folder_configs(folder));
  checkpoint->config_ = std::move(configs.model);
  checkpoint->generation_ = std::move(configs.generation);
  SPYRE_TRY_ASSIGN(checkpoint->quantization_, read_quantization(folder, configs.json));
  checkpoint->json_ = std::move(configs.json);
  SPYRE_TRY(checkpoint->open_weights(folder));
  SPYRE_TRY(use_canonical_names(checkpoint->config_, folder.string(), checkpoint->index_));
  SPYRE_TRY(checkpoint->open_dense_modules());
  return checkpoint;
}

}  // namespace

Result<Json> read_json_file(const fs::path& path) {
  SPYRE_TRY_ASSIGN(const MappedFile file, MappedFile::open(path));
  const auto bytes = file.bytes();
  return parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string());
}

Result<FolderConfigs> read_folder_configs(const fs::path& folder) {
  FolderConfigs configs;
  const fs::path path = folder / "config.json";
  SPYRE_TRY_ASSIGN(configs.json, read_json_file(path));
  SPYRE_TRY_ASSIGN(configs.model, read_model_config(configs.json, path.string()));
  SPYRE_TRY(read_sentence_folder(folder, configs.model));
  const fs::path generation = folder / "generation_config.json";
  std::error_code ignored;
  if (fs::exists(generation, ignored)) {
    SPYRE_TRY_ASSIGN(const Json json, read_json_file(generation));
    SPYRE_TRY_ASSIGN(configs.generation, read_generation_config(json, generation.string()));
  }
  return configs;
}

Json fields_of(const Json& config_json, const ModelConfig& config) {
  Json fields = config_fields(config);
  for (const auto& [key, value] : config_json.items()) {
    if (!value.is_null()) fields[key] = value;
  }
  return fields;
}

Result<std::unique_ptr<Checkpoint>> open_hf_folder(const fs::path& folder) {
  return HfFolder::open(folder);
}

}  // namespace spyre::checkpoint
