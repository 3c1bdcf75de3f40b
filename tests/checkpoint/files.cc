#include "checkpoint/files.h"

#include <openssl/sha.h>
#include <stdlib.h>

#include <fstream>
#include <iterator>

namespace spyre::checkpoint {

namespace fs = std::filesystem;

TempFolder::TempFolder() {
  std::string name = (fs::temp_directory_path() / "spyre_checkpoint_XXXXXX").string();
  SPYRE_CHECK(mkdtemp(name.data()) != nullptr);
  path_ = name;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path TempFolder::write(const std::string& name, std::string_view content) const {
  const fs::path path = path_ / name;
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

fs::path reference(std::string_view below) {
  return fs::path(SPYRE_SOURCE_DIR "/tests/reference") / below;
}

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  SPYRE_CHECK(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

Json read_json(const fs::path& path) {
  auto json = parse_json(read_bytes(path), path.string());
  SPYRE_CHECK(json.has_value());
  return *json;
}

std::string safetensors(std::string_view header, std::string_view data) {
  return raw(uint64_t{header.size()}) + std::string(header) + std::string(data);
}

namespace {

std::string counted(std::string_view text) {
  return raw(uint64_t{text.size()}) + std::string(text);
}

}  // namespace

GgufBuilder& GgufBuilder::key(std::string_view name, uint32_t type, std::string_view value) {
  metadata_ += counted(name) + raw(type) + std::string(value);
  ++keys_;
  return *this;
}

GgufBuilder& GgufBuilder::text(std::string_view name, std::string_view value) {
  return key(name, 8, counted(value));
}

GgufBuilder& GgufBuilder::texts(std::string_view name, const std::vector<std::string>& values) {
  std::string content = raw(uint32_t{8}) + raw(uint64_t{values.size()});
  for (const std::string& value : values) content += counted(value);
  return key(name, 9, content);
}

GgufBuilder& GgufBuilder::i32s(std::string_view name, std::initializer_list<int32_t> values) {
  return key(name, 9, raw(uint32_t{5}) + raw(uint64_t{values.size()}) + raw(values));
}

GgufBuilder& GgufBuilder::tensor(std::string_view name, std::initializer_list<uint64_t> dims,
                                 uint32_t type, std::string_view data) {
  const uint64_t offset = offset_of_next == ~0ul ? data_.size() : offset_of_next;
  offset_of_next = ~0ul;
  records_ +=
      counted(name) + raw(static_cast<uint32_t>(dims.size())) + raw(dims) + raw(type) + raw(offset);
  ++tensors_;
  data_ += data;
  data_.resize((data_.size() + alignment - 1) / alignment * alignment);
  return *this;
}

GgufBuilder& GgufBuilder::zeros(std::string_view name, std::initializer_list<uint64_t> dims) {
  uint64_t bytes = sizeof(float);
  for (const uint64_t dim : dims) bytes *= dim;
  return tensor(name, dims, 0, std::string(bytes, '\0'));
}

std::string GgufBuilder::build() const {
  std::string file = "GGUF" + raw(version) + raw(tensors_ + extra_tensors) +
                     raw(keys_ + extra_keys) + metadata_ + records_;
  file.resize((file.size() + alignment - 1) / alignment * alignment);
  return file + data_;
}

GgufBuilder tiny_llama() {
  GgufBuilder b;
  b.text("general.architecture", "llama")
      .u32("llama.context_length", 64)
      .u32("llama.embedding_length", 8)
      .u32("llama.block_count", 1)
      .u32("llama.feed_forward_length", 6)
      .u32("llama.attention.head_count", 2)
      .f32("llama.attention.layer_norm_rms_epsilon", 1e-6f)
      .zeros("token_embd.weight", {8, 3});
  return b;
}

std::vector<float> values_of(const StoredTensor& tensor) {
  const auto columns = static_cast<size_t>(tensor.shape.back());
  int64_t rows = 1;
  for (size_t i = 0; i + 1 < tensor.shape.size(); ++i) rows *= tensor.shape[i];
  std::vector<float> values(static_cast<size_t>(rows) * columns);
  for (int64_t row = 0; row < rows; ++row) {
    read_row_f32(tensor, row,
                 std::span(values).subspan(static_cast<size_t>(row) * columns, columns));
  }
  return values;
}

std::string sha256(std::span<const float> values) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(values.data()), values.size_bytes(), digest);
  std::string hex;
  for (const unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace spyre::checkpoint
