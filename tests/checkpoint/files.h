// What the tests of this room share: makers of small files in a temporary folder, sound or damaged
// on purpose, and short ways to say what an error should tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "checkpoint/checkpoint.h"

namespace spyre::checkpoint {

// A folder of its own, removed with all its files.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

std::filesystem::path reference(std::string_view below);
Json read_json(const std::filesystem::path& path);
std::string read_bytes(const std::filesystem::path& path);

inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// Raw little-endian bytes of numbers.
template <typename T>
std::string raw(std::initializer_list<T> values) {
  std::string bytes;
  for (const T value : values) {
    const char* from = reinterpret_cast<const char*>(&value);
    bytes.append(from, sizeof(T));
  }
  return bytes;
}
template <typename T>
std::string raw(T value) {
  return raw({value});
}

// header: the JSON text; data: what follows it.
std::string safetensors(std::string_view header, std::string_view data);

// Builds a GGUF file; what it writes is what it is told, so that tests can lie.
class GgufBuilder {
 public:
  GgufBuilder& key(std::string_view name, uint32_t type, std::string_view value);
  GgufBuilder& u32(std::string_view name, uint32_t value) { return key(name, 4, raw(value)); }
  GgufBuilder& f32(std::string_view name, float value) { return key(name, 6, raw(value)); }
  GgufBuilder& text(std::string_view name, std::string_view value);
  GgufBuilder& texts(std::string_view name, const std::vector<std::string>& values);
  GgufBuilder& i32s(std::string_view name, std::initializer_list<int32_t> values);
  // dims: innermost first, as in the file. type: ggml's number. Data is padded to `alignment`.
  GgufBuilder& tensor(std::string_view name, std::initializer_list<uint64_t> dims, uint32_t type,
                      std::string_view data);
  // All zeros of the right length, type F32.
  GgufBuilder& zeros(std::string_view name, std::initializer_list<uint64_t> dims);
  std::string build() const;

  uint32_t version = 3;
  uint64_t alignment = 32;
  uint64_t extra_keys = 0;         // claimed, not there
  uint64_t extra_tensors = 0;      // claimed, not there
  uint64_t offset_of_next = ~0ul;  // used once by tensor() when set

 private:
  uint64_t keys_ = 0;
  uint64_t tensors_ = 0;
  std::string metadata_;
  std::string records_;
  std::string data_;
};

// A llama of eight columns: one block, two heads, three tokens; of its tensors only the embedding.
GgufBuilder tiny_llama();

// The error's message, or "no error".
template <typename T>
std::string message(const Result<T>& result) {
  return result ? "no error" : result.error().message;
}

template <typename T>
Code code(const Result<T>& result) {
  return result ? Code::kInternal : result.error().code;
}

// All values of a tensor in logical order.
std::vector<float> values_of(const StoredTensor& tensor);

std::string sha256(std::span<const float> values);

}  // namespace spyre::checkpoint
