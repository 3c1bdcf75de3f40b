// Number formats of stored values: plain floats, the block formats of GGUF, and the grouped
// integers of GPTQ and AWQ. Only names and sizes live here; what the bytes mean is in kernels/
// (packing, arithmetic) and checkpoint/ (files).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace spyre {

enum class Format : uint8_t {
  kF32,
  kF16,
  kBF16,
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ8_0,
  kQ4_K,
  kQ5_K,
  kQ6_K,
  kGrouped4,  // GPTQ and AWQ: u4 with an f16 scale and a u8 zero point per group of input columns
  kGrouped8,  // GPTQ 8 bit, likewise
};
inline constexpr int kNumFormats = 13;

struct FormatInfo {
  Format format;
  std::string_view name;
  int block_elements;  // values per block along a row; grouped formats have none in files: 1
  int block_bytes;     // bytes of a block as GGUF and safetensors store it; grouped: 0
};

inline constexpr std::array<FormatInfo, kNumFormats> kFormats = {{
    {Format::kF32, "F32", 1, 4},
    {Format::kF16, "F16", 1, 2},
    {Format::kBF16, "BF16", 1, 2},
    {Format::kQ4_0, "Q4_0", 32, 18},
    {Format::kQ4_1, "Q4_1", 32, 20},
    {Format::kQ5_0, "Q5_0", 32, 22},
    {Format::kQ5_1, "Q5_1", 32, 24},
    {Format::kQ8_0, "Q8_0", 32, 34},
    {Format::kQ4_K, "Q4_K", 256, 144},
    {Format::kQ5_K, "Q5_K", 256, 176},
    {Format::kQ6_K, "Q6_K", 256, 210},
    {Format::kGrouped4, "GROUPED4", 1, 0},
    {Format::kGrouped8, "GROUPED8", 1, 0},
}};

constexpr const FormatInfo& info(Format format) { return kFormats[static_cast<size_t>(format)]; }
constexpr std::string_view name(Format format) { return info(format).name; }
constexpr bool is_float(Format format) { return format <= Format::kBF16; }
constexpr bool is_grouped(Format format) { return format >= Format::kGrouped4; }

constexpr std::optional<Format> format_named(std::string_view wanted) {
  for (const FormatInfo& each : kFormats) {
    if (each.name == wanted) return each.format;
  }
  return std::nullopt;
}

}  // namespace spyre
