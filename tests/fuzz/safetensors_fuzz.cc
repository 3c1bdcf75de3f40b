// Any bytes as a safetensors file: parsed or refused; every quantised layer in it is opened and a
// row is read.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "checkpoint/grouped.h"
#include "checkpoint/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace spyre::checkpoint;
  const auto index = parse_safetensors(std::as_bytes(std::span(data, size)), "fuzz");
  if (!index) return 0;
  for (const auto& [name, entry] : *index) {
    if (!name.ends_with(".qweight")) continue;
    for (const auto method :
         {QuantizationConfig::Method::kGptq, QuantizationConfig::Method::kAwq}) {
      const std::string_view prefix(name.data(), name.size() - std::string_view(".qweight").size());
      const auto source = open_grouped(*index, prefix, {.method = method, .group_columns = 4});
      if (!source || (*source)->columns() > 4096) continue;
      const auto columns = static_cast<size_t>((*source)->columns());
      const auto groups = columns / static_cast<size_t>((*source)->group_columns());
      std::vector<uint8_t> levels(columns);
      std::vector<uint16_t> scales(groups);
      std::vector<int16_t> zeros(groups);
      (*source)->read_rows((*source)->rows() - 1, 1, levels, scales, zeros);
    }
  }
  return 0;
}
