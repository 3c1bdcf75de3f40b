// A checkpoint on disk, whatever its container: a Hugging Face folder (safetensors, plain, GPTQ or
// AWQ) or a GGUF file. Tensors are asked for by their Hugging Face names
// ("model.layers.0.self_attn.q_proj.weight"); a GGUF checkpoint maps them to its own. Nothing is
// converted here: a StoredTensor borrows mapped bytes and says how rows are laid out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "base/json.h"
#include "base/result.h"
#include "checkpoint/config_fields.h"
#include "checkpoint/generation_config.h"
#include "checkpoint/model_config.h"

namespace spyre::checkpoint {

// GPTQ and AWQ: integers, zero points and scales, undone from their 32-bit words row by row on
// request.
class GroupedSource {
 public:
  virtual ~GroupedSource() = default;
  virtual int64_t rows() const = 0;           // output features (N)
  virtual int64_t columns() const = 0;        // input features (K)
  virtual int64_t group_columns() const = 0;  // K values per scale; divides columns()
  // Column order that makes groups contiguous (desc_act): stored column of position k. Empty = as
  // stored. [columns]
  virtual std::span<const int32_t> column_order() const = 0;
  // value[k] = scales[k / group] * (levels[k] - zeros[k / group]), k in column_order().
  // levels: [num_rows, columns]; scales: [num_rows, columns / group], f16 bits; zeros: likewise,
  // i16 since the older GPTQ form stores zero - 1. All rows at once: the files keep eight rows or
  // columns in a word.
  virtual void read_rows(int64_t first_row, int64_t num_rows, std::span<uint8_t> levels,
                         std::span<uint16_t> scales_f16, std::span<int16_t> zeros) const = 0;
};

struct StoredTensor {
  std::string name;  // Hugging Face name, for messages
  Format format = Format::kF32;
  std::vector<int64_t>
      shape;  // logical, outermost first: [rows, columns], [length], [experts, rows, columns]
  std::span<const std::byte>
      data;  // rows in order, each columns / block_elements blocks; empty when grouped
  std::shared_ptr<const GroupedSource> grouped;  // kGrouped4, kGrouped8 only
  // Keeps data alive when it is not mapped: tensors joined from several stored ones, dummies.
  std::shared_ptr<const std::vector<std::byte>> owned;
  // GGUF's llama keeps q and k rows interleaved per rotary pair: when > 0, logical row h*d +
  // half*(d/2) + i of head h is stored row h*d + 2*i + half, d = rows / interleaved_heads. Biases
  // likewise, element by element.
  int64_t interleaved_heads = 0;

  int64_t stored_row(int64_t logical_row) const;
};

class Checkpoint {
 public:
  virtual ~Checkpoint() = default;

  // path: a folder with config.json, or a .gguf file (its siblings of a split are found by name).
  // Errors: kNotFound, kUnsupported (architecture, format), kDataLoss (truncated, overlapping,
  // hostile), naming file, tensor, wanted and found.
  static Result<std::unique_ptr<Checkpoint>> open(const std::filesystem::path& path);

  virtual const ModelConfig& config() const = 0;
  // What the user asks for instead (pooler_config.h), before anything else looks at config().
  virtual void set_pooling(Pooling pooling) = 0;
  virtual const GenerationConfig& generation_config() const = 0;
  // config.json over config_fields(config()), or where there is no such file these alone.
  virtual Json fields() const { return config_fields(config()); }
  virtual bool is_gguf() const = 0;
  // GGUF: every "tokenizer.*" key as one JSON object, for text::Tokenizer; handed over once, since
  // a vocabulary is large. Folders: none.
  virtual std::optional<Json> take_tokenizer_metadata() = 0;

  virtual bool has_tensor(std::string_view name) const = 0;
  // kNotFound names the file and the tensor; kDataLoss: its shape is not the wanted one, or its
  // parts disagree.
  virtual Result<StoredTensor> tensor(std::string_view name,
                                      std::span<const int64_t> wanted_shape) const = 0;
  // The same tensor as far as the files' headers tell: no value of a row is read or made, and data
  // may be empty. Errors: those of tensor().
  virtual Result<StoredTensor> tensor_outline(std::string_view name,
                                              std::span<const int64_t> wanted_shape) const {
    return tensor(name, wanted_shape);
  }
  // Bytes of all weight files.
  virtual int64_t file_bytes() const = 0;
  // Gives the mapped pages of a tensor back once it was packed.
  virtual void drop_pages(const StoredTensor& tensor) const = 0;
};

// --load-format dummy: random weights, the same for a name and seed on every machine; reads
// config.json only. kUnsupported: a pooling model.
Result<std::unique_ptr<Checkpoint>> open_dummy(const std::filesystem::path& folder, uint64_t seed);

// Values of a logical row as f32, the reference for every packed format: f32 arithmetic without
// fused multiply-add, as the gguf library does. A vector is one row; the rows of expert e of a
// rank-3 tensor start at e * rows. out: [columns].
void read_row_f32(const StoredTensor& tensor, int64_t row, std::span<float> out);

}  // namespace spyre::checkpoint
