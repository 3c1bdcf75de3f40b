// A GGUF checkpoint: the tensors of one file or of a split, handed out under their Hugging Face
// names. The first file of a split has all metadata but the split's own keys.
#include "checkpoint/gguf_checkpoint.h"

#include <algorithm>

#include "base/mapped_file.h"
#include "checkpoint/gguf_config.h"
#include "checkpoint/gguf_file.h"
#include "checkpoint/gguf_names.h"
#include "checkpoint/json_reader.h"

namespace spyre::checkpoint {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxSplits = 99999;  // five digits in the names

// Copies experts (or the whole, where rank is 2) of each part one after the other. All parts agree
// in rank, outer dimensions, columns and format.
std::vector<std::byte> join_rows(std::span<const GgufTensor* const> parts) {
  const GgufTensor& first = *parts.front();
  const auto outer = first.shape.size() == 3 ? static_cast<size_t>(first.shape[0]) : size_t{1};
  std::vector<std::byte> joined;
  size_t bytes = 0;
  for (const GgufTensor* part : parts) bytes += part->data.size();
  joined.reserve(bytes);
  for (size_t i = 0; i < outer; ++i) {
    for (const GgufTensor* part : parts) {
      const size_t share = part->data.size() / outer;
      const auto slice = part->data.subspan(i * share, share);
      joined.insert(joined.end(), slice.begin(), slice.end());
    }
  }
  return joined;
}

class GgufCheckpoint final : public Checkpoint {
 public:
  static Result<std::unique_ptr<Checkpoint>> open(const fs::path& path);

  const ModelConfig& config() const override { return config_; }
  void set_pooling(Pooling pooling) override { config_.pooling = std::move(pooling); }
  const GenerationConfig& generation_config() const override { return generation_; }
  bool is_gguf() const override { return true; }
  int64_t file_bytes() const override { return file_bytes_; }

  std::optional<Json> take_tokenizer_metadata() override {
    Json tokenizer = Json::object();
    for (auto& [key, value] : metadata_.items()) {
      if (key.starts_with("tokenizer.")) tokenizer[key] = std::move(value);
    }
    metadata_ = Json::object();
    return tokenizer;
  }

  bool has_tensor(std::string_view name) const override {
    const GgufName own = gguf_name(config_.architecture, name);
    return tensors_.contains(own.whole) || has_parts(own);
  }

  Result<StoredTensor> tensor(std::string_view name,
                              std::span<const int64_t> wanted_shape) const override {
    SPYRE_TRY_ASSIGN(StoredTensor tensor, tensor_outline(name, wanted_shape));
    const GgufName own = gguf_name(config_.architecture, name);
    if (tensors_.contains(own.whole)) return tensor;
    const std::vector<const GgufTensor*> parts = parts_of(own);
    tensor.owned = std::make_shared<const std::vector<std::byte>>(join_rows(parts));
    tensor.data = *tensor.owned;
    for (const GgufTensor* part : parts) drop(part->data);
    return tensor;
  }

  // data: what the file holds; empty for a tensor that is to be joined from several.
  Result<StoredTensor> tensor_outline(std::string_view name,
                                      std::span<const int64_t> wanted_shape) const override {
    const GgufName own = gguf_name(config_.architecture, name);
    const auto found = tensors_.find(own.whole);
    if (found == tensors_.end() && has_parts(own)) return joined_outline(name, own, wanted_shape);
    if (found == tensors_.end()) {
      return error(Code::kNotFound, "{}: tensor '{}' ('{}') is missing", path_.string(), own.whole,
                   name);
    }
    StoredTensor tensor;
    tensor.name = name;
    tensor.format = found->second.format;
    tensor.shape = found->second.shape;
    tensor.data = found->second.data;
    SPYRE_TRY(check_tensor(own.whole, tensor, wanted_shape));
    if (has_interleaved_heads(config_.architecture)) {
      if (name.contains(".q_proj.")) tensor.interleaved_heads = config_.num_heads;
      if (name.contains(".k_proj.")) tensor.interleaved_heads = config_.num_kv_heads;
    }
    return tensor;
  }

  void drop_pages(const StoredTensor& tensor) const override { drop(tensor.data); }

 private:
  Status open_split(const fs::path& path, int64_t number, int64_t count, GgufFile parsed,
                    MappedFile file);
  Status open_files(const fs::path& path);

  bool has_parts(const GgufName& own) const {
    const auto has = [&](const std::string& part) { return tensors_.contains(part); };
    return !own.parts.empty() && std::ranges::all_of(own.parts, has);
  }

  void drop(std::span<const std::byte> data) const {
    for (const MappedFile& file : files_) {
      const auto bytes = file.bytes();
      const bool inside =
          !data.empty() && data.data() >= bytes.data() && data.data() < bytes.data() + bytes.size();
      if (inside) file.drop(data);
    }
  }

  // Vectors are floats: their reader goes element by element.
  Status check_tensor(std::string_view own_name, const StoredTensor& tensor,
                      std::span<const int64_t> wanted) const {
    if (!std::ranges::equal(wanted, tensor.shape)) {
      return error(Code::kDataLoss, "{}: tensor '{}' ('{}'): wanted shape [{}], found [{}]",
                   path_.string(), own_name, tensor.name, fmt::join(wanted, ", "),
                   fmt::join(tensor.shape, ", "));
    }
    if (wanted.size() == 1 && !is_float(tensor.format)) {
      return error(Code::kUnsupported, "{}: tensor '{}': wanted F32, F16 or BF16, found {}",
                   path_.string(), own_name, spyre::name(tensor.format));
    }
    return {};
  }

  std::vector<const GgufTensor*> parts_of(const GgufName& own) const {
    std::vector<const GgufTensor*> parts;
    for (const std::string& part : own.parts) parts.push_back(&tensors_.find(part)->second);
    return parts;
  }

  Result<StoredTensor> joined_outline(std::string_view name, const GgufName& own,
                                      std::span<const int64_t> wanted_shape) const;

  fs::path path_;
  ModelConfig config_;
  GenerationConfig generation_;
  Json metadata_;
  std::vector<MappedFile> files_;
  GgufTensors tensors_;  // of all files
  int64_t file_bytes_ = 0;
};

Result<StoredTensor> GgufCheckpoint::joined_outline(std::string_view name, const GgufName& own,
                                                    std::span<const int64_t> wanted_shape) const {
  const std::vector<const GgufTensor*> parts = parts_of(own);
  const GgufTensor& first = *parts.front();
  StoredTensor tensor;
  tensor.name = name;
  tensor.format = first.format;
  tensor.shape = first.shape;
  const size_t rank = first.shape.size();
  for (size_t i = 1; i < parts.size(); ++i) {
    std::vector<int64_t> alike = parts[i]->shape;
    const bool ranks_fit = (rank == 2 || rank == 3) && alike.size() == rank;
    if (ranks_fit) {
      tensor.shape[rank - 2] += alike[rank - 2];
      alike[rank - 2] = first.shape[rank - 2];
    }
    if (!ranks_fit || alike != first.shape || parts[i]->format != first.format) {
      return error(Code::kUnsupported,
                   "{}: tensors '{}' ({} [{}]) and '{}' ({} [{}]) cannot be joined into '{}': "
                   "wanted one type and one number of columns",
                   path_.string(), own.parts[0], spyre::name(first.format),
                   fmt::join(first.shape, ", "), own.parts[i], spyre::name(parts[i]->format),
                   fmt::join(parts[i]->shape, ", "), name);
    }
  }
  SPYRE_TRY(check_tensor(fmt::format("{}", fmt::join(own.parts, " + ")), tensor, wanted_shape));
  return tensor;
}

// Takes the tensors of file `number` of `count`, once it says itself that it is that file.
Status GgufCheckpoint::open_split(const fs::path& path, int64_t number, int64_t count,
                                  GgufFile parsed, MappedFile file) {
  JsonReader r(parsed.metadata, path.string());
  const int64_t found_number = r.integer("split.no", 0, 0, kMaxSplits);
  const int64_t found_count = std::max<int64_t>(1, r.integer("split.count", 1, 0, kMaxSplits));
  SPYRE_TRY(r.status());
  if (found_number != number || found_count != count) {
    return error(Code::kDataLoss, "{}: wanted file {} of a split into {}, found {} of {}",
                 path.string(), number + 1, count, found_number + 1, found_count);
  }
  tensors_.merge(parsed.tensors);
  if (!parsed.tensors.empty()) {
    return error(Code::kDataLoss, "{}: tensor '{}' is in another file of the split too",
                 path.string(), parsed.tensors.begin()->first);
  }
  if (number == 0) metadata_ = std::move(parsed.metadata);
  file_bytes_ += static_cast<int64_t>(file.bytes().size());
  file.drop(file.bytes());  // what parsing looked at was copied
  files_.push_back(std::move(file));
  return {};
}

Status GgufCheckpoint::open_files(const fs::path& path) {
  SPYRE_TRY_ASSIGN(MappedFile file, MappedFile::open(path));
  SPYRE_TRY_ASSIGN(GgufFile parsed, parse_gguf(file.bytes(), path.string()));
  JsonReader r(parsed.metadata, path.string());
  const int64_t number = r.integer("split.no", 0, 0, kMaxSplits);
  const int64_t count = r.integer("split.count", 1, 0, kMaxSplits);
  const int64_t num_tensors = r.integer("split.tensors.count", -1, 0, INT32_MAX);
  SPYRE_TRY(r.status());
  if (count <= 1) return open_split(path, 0, 1, std::move(parsed), std::move(file));

  const std::string name = path.filename().string();
  const std::string ending = fmt::format("-{:05}-of-{:05}.gguf", number + 1, count);
  if (!name.ends_with(ending)) {
    return error(Code::kDataLoss, "{}: is file {} of a split into {}: wanted a name ending in '{}'",
                 path.string(), number + 1, count, ending);
  }
  const std::string stem = name.substr(0, name.size() - ending.size());
  for (int64_t i = 0; i < count; ++i) {
    const fs::path sibling =
        path.parent_path() / fmt::format("{}-{:05}-of-{:05}.gguf", stem, i + 1, count);
    SPYRE_TRY_ASSIGN(MappedFile each, MappedFile::open(sibling));
    SPYRE_TRY_ASSIGN(GgufFile each_parsed, parse_gguf(each.bytes(), sibling.string()));
    SPYRE_TRY(open_split(sibling, i, count, std::move(each_parsed), std::move(each)));
  }
  if (num_tensors >= 0 && num_tensors != static_cast<int64_t>(tensors_.size())) {
    return error(Code::kDataLoss, "{}: split.tensors.count is {}, its files have {} tensors",
                 path.string(), num_tensors, tensors_.size());
  }
  return {};
}

Result<std::unique_ptr<Checkpoint>> GgufCheckpoint::open(const fs::path& path) {
  auto checkpoint = std::make_unique<GgufCheckpoint>();
  checkpoint->path_ = path;
  SPYRE_TRY(checkpoint->open_files(path));
  SPYRE_TRY_ASSIGN(checkpoint->config_,
                   read_gguf_config(checkpoint->metadata_, checkpoint->tensors_, path.string()));
  SPYRE_TRY_ASSIGN(checkpoint->generation_,
                   read_gguf_generation_config(checkpoint->metadata_, path.string()));
  return checkpoint;
}

}  // namespace

Result<std::unique_ptr<Checkpoint>> open_gguf(const fs::path& path) {
  return GgufCheckpoint::open(path);
}

}  // namespace spyre::checkpoint
