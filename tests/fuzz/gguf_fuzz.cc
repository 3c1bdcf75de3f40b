// Any bytes as a GGUF file: parsed or refused; its config is read, and the last row of every tensor
// dequantised.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "checkpoint/gguf_config.h"
#include "checkpoint/gguf_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spyre::checkpoint;
  const auto file = parse_gguf(std::as_bytes(std::span(data, size)), "fuzz");
  if (!file) return 0;
  (void)read_gguf_config(file->metadata, file->tensors, "fuzz");
  (void)read_gguf_generation_config(file->metadata, "fuzz");
  for (const auto& [name, found] : file->tensors) {
    if (found.data.empty() || found.shape.empty()) continue;
    StoredTensor tensor;
    tensor.format = found.format;
    tensor.shape = found.shape;
    tensor.data = found.data;
    int64_t rows = 1;
    for (size_t i = 0; i + 1 < found.shape.size(); ++i) rows *= found.shape[i];
    std::vector<float> row(static_cast<size_t>(found.shape.back()));
    read_row_f32(tensor, rows - 1, row);
  }
  return 0;
}
