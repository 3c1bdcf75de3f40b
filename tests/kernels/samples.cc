#include "kernels/samples.h"

#include "base/half.h"

namespace spyre::kernels::test {

namespace {

// A column count that every format's blocks divide is the caller's business; groups are this wide.
constexpr int64_t kGroupColumns = 64;

uint16_t half_at(const uint8_t* p) { return static_cast<uint16_t>(p[0] | p[1] << 8); }
float f16_at(const uint8_t* p) { return f16_to_f32(half_at(p)); }

void put_half(uint8_t* p, uint16_t bits) {
  p[0] = static_cast<uint8_t>(bits);
  p[1] = static_cast<uint8_t>(bits >> 8);
}

// Where a block keeps its f16 scales.
std::vector<int> scale_offsets(Format format) {
  switch (format) {
    case Format::kQ4_1:
    case Format::kQ5_1:
    case Format::kQ4_K:
    case Format::kQ5_K:
      return {0, 2};
    case Format::kQ6_K:
      return {208};
    default:
      return {0};
  }
}

uint16_t random_scale(Random& random, Spread spread) {
  if (spread == Spread::kMild) return f32_to_f16(random.uniform(-0.02f, 0.02f));
  const auto bits = static_cast<uint16_t>(random.bits());
  return (bits & 0x7c00) == 0x7c00 ? uint16_t{0x7bff} : bits;  // the largest for the non-finite
}

std::vector<float> dequantize_nibbles(Format format, const uint8_t* b) {
  const bool five = format == Format::kQ5_0 || format == Format::kQ5_1;
  const bool has_min = format == Format::kQ4_1 || format == Format::kQ5_1;
  const float d = f16_at(b);
  const float m = has_min ? f16_at(b + 2) : 0.0f;
  const uint8_t* qh = b + (has_min ? 4 : 2);
  const uint8_t* qs = qh + (five ? 4 : 0);
  const uint32_t fifth =
      five ? qh[0] | qh[1] << 8 | qh[2] << 16 | static_cast<uint32_t>(qh[3]) << 24 : 0;
  std::vector<float> out(32);
  for (size_t i = 0; i < 32; ++i) {
    int q = i < 16 ? qs[i] & 15 : qs[i - 16] >> 4;
    q += static_cast<int>(fifth >> i & 1) * 16;
    if (!has_min) q -= five ? 16 : 8;
    out[i] = d * static_cast<float>(q);
    if (has_min) out[i] += m;
  }
  return out;
}

std::vector<float> dequantize_q8_0(const uint8_t* b) {
  std::vector<float> out(32);
  for (size_t i = 0; i < 32; ++i) {
    out[i] = f16_at(b) * static_cast<float>(static_cast<int8_t>(b[2 + i]));
  }
  return out;
}

std::vector<float> dequantize_q4_q5_k(const uint8_t* b, bool five) {
  const uint8_t* s = b + 4;
  const uint8_t* qh = b + 16;
  const uint8_t* qs = b + (five ? 48 : 16);
  std::vector<float> out(256);
  for (size_t i = 0; i < 256; ++i) {
    const size_t j = i / 32;
    const size_t l = i % 32;
    const int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
    const int min = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | (s[j] >> 6) << 4;
    const uint8_t both = qs[j / 2 * 32 + l];
    int q = j % 2 == 0 ? both & 15 : both >> 4;
    if (five) q += (qh[l] >> j & 1) * 16;
    out[i] = f16_at(b) * static_cast<float>(scale) * static_cast<float>(q) -
             f16_at(b + 2) * static_cast<float>(min);
  }
  return out;
}

std::vector<float> dequantize_q6_k(const uint8_t* b) {
  std::vector<float> out(256);
  const float d = f16_at(b + 208);
  for (size_t half = 0; half < 2; ++half) {
    const uint8_t* ql = b + half * 64;
    const uint8_t* qh = b + 128 + half * 32;
    const auto* scales = reinterpret_cast<const int8_t*>(b + 192 + half * 8);
    const auto put = [&](size_t i, int q) {
      out[half * 128 + i] = d * static_cast<float>(scales[i >> 4]) * static_cast<float>(q - 32);
    };
    for (size_t l = 0; l < 32; ++l) {
      put(l, (ql[l] & 15) | (qh[l] & 3) << 4);
      put(l + 32, (ql[l + 32] & 15) | (qh[l] >> 2 & 3) << 4);
      put(l + 64, ql[l] >> 4 | (qh[l] >> 4 & 3) << 4);
      put(l + 96, ql[l + 32] >> 4 | (qh[l] >> 6 & 3) << 4);
    }
  }
  return out;
}

Sample empty_sample(Format format, int64_t rows, int64_t columns) {
  Sample sample;
  const int64_t group = is_grouped(format) ? kGroupColumns : 0;
  sample.matrix = {.format = format, .rows = rows, .columns = columns, .group_columns = group};
  auto storage = AlignedBuffer::create(packed_bytes(format, rows, columns, group));
  SPYRE_CHECK(storage.has_value());
  sample.storage = std::move(*storage);
  sample.matrix.panels = sample.storage.data();
  return sample;
}

// bytes: all rows as the file has them.
void pack_rows(Sample& sample, const std::vector<uint8_t>& bytes) {
  const PackedMatrix& m = sample.matrix;
  const auto row_bytes = bytes.size() / static_cast<size_t>(m.rows);
  const auto panel_bytes = sample.storage.bytes() / static_cast<size_t>(sample.panels());
  for (int64_t row = 0; row < m.rows; row += kPanelRows) {
    std::vector<const std::byte*> rows;
    for (int64_t i = row; i < std::min(m.rows, row + kPanelRows); ++i) {
      rows.push_back(
          reinterpret_cast<const std::byte*>(bytes.data() + static_cast<size_t>(i) * row_bytes));
    }
    pack_panel(m.format, rows.data(), static_cast<int>(rows.size()), m.columns,
               sample.storage.data() + static_cast<size_t>(row / kPanelRows) * panel_bytes);
  }
}

Sample sample_of_bytes(Format format, int64_t rows, int64_t columns,
                       const std::vector<uint8_t>& bytes) {
  Sample sample = empty_sample(format, rows, columns);
  const auto block_bytes = static_cast<size_t>(info(format).block_bytes);
  for (size_t at = 0; at < bytes.size(); at += block_bytes) {
    const std::vector<float> values = dequantize_block(format, bytes.data() + at);
    sample.values.insert(sample.values.end(), values.begin(), values.end());
  }
  pack_rows(sample, bytes);
  return sample;
}

struct Groups {
  std::vector<uint8_t> levels;
  std::vector<uint16_t> scales;
  std::vector<int16_t> zeros;
};

Sample sample_of_groups(Format format, int64_t rows, int64_t columns, const Groups& groups) {
  Sample sample = empty_sample(format, rows, columns);
  const auto per_row = static_cast<size_t>(columns / kGroupColumns);
  for (size_t i = 0; i < groups.levels.size(); ++i) {
    const size_t group = i / static_cast<size_t>(kGroupColumns);
    sample.values.push_back(f16_to_f32(groups.scales[group]) *
                            static_cast<float>(groups.levels[i] - groups.zeros[group]));
  }
  const auto panel_bytes = sample.storage.bytes() / static_cast<size_t>(sample.panels());
  for (int64_t row = 0; row < rows; row += kPanelRows) {
    const auto first = static_cast<size_t>(row);
    pack_grouped_panel(
        format, groups.levels.data() + first * static_cast<size_t>(columns),
        groups.scales.data() + first * per_row, groups.zeros.data() + first * per_row,
        static_cast<int>(std::min<int64_t>(kPanelRows, rows - row)), columns, kGroupColumns,
        sample.storage.data() + static_cast<size_t>(row / kPanelRows) * panel_bytes);
  }
  return sample;
}

Sample make_grouped(Format format, int64_t rows, int64_t columns, Spread spread, Random& random) {
  const int levels = format == Format::kGrouped4 ? 16 : 256;
  Groups groups;
  for (int64_t i = 0; i < rows * columns; ++i) {
    groups.levels.push_back(static_cast<uint8_t>(random.below(levels)));
  }
  for (int64_t i = 0; i < rows * columns / kGroupColumns; ++i) {
    groups.scales.push_back(random_scale(random, spread));
    groups.zeros.push_back(static_cast<int16_t>(random.below(levels + 1)));  // GPTQ: stored + 1
  }
  return sample_of_groups(format, rows, columns, groups);
}

void randomize_floats(Format format, Spread spread, Random& random, std::vector<uint8_t>& bytes) {
  const auto width = static_cast<size_t>(info(format).block_bytes);
  const std::vector<float> values = random_floats(random, bytes.size() / width, spread);
  for (size_t i = 0; i < values.size(); ++i) {
    if (format == Format::kF32) {
      std::memcpy(bytes.data() + 4 * i, &values[i], 4);
      continue;
    }
    const float limited = std::fmin(std::fmax(values[i], -65504.0f), 65504.0f);
    put_half(bytes.data() + 2 * i,
             format == Format::kF16 ? f32_to_f16(limited) : f32_to_bf16(limited));
  }
}

}  // namespace

uint64_t Random::bits() {
  // splitmix64 (Steele, Lea, Flood 2014).
  uint64_t z = state_ += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

float Random::uniform(float low, float high) {
  return low + (high - low) * static_cast<float>(bits() >> 40) * 0x1p-24f;
}

std::vector<float> random_floats(Random& random, size_t count, Spread spread) {
  std::vector<float> out(count);
  for (float& each : out) {
    each = random.uniform(-1.0f, 1.0f);
    if (spread == Spread::kMild) continue;
    const auto bits = static_cast<uint32_t>(random.bits());
    const auto any = std::bit_cast<float>(bits);
    if (std::isfinite(any)) each = any;
    if (bits % 16 == 0) each = bits & 16 ? 0.0f : -0.0f;
  }
  return out;
}

std::vector<float> dequantize_block(Format format, const uint8_t* b) {
  switch (format) {
    case Format::kF32: {
      float value;
      std::memcpy(&value, b, sizeof(value));
      return {value};
    }
    case Format::kF16:
      return {f16_at(b)};
    case Format::kBF16:
      return {bf16_to_f32(half_at(b))};
    case Format::kQ8_0:
      return dequantize_q8_0(b);
    case Format::kQ4_K:
    case Format::kQ5_K:
      return dequantize_q4_q5_k(b, format == Format::kQ5_K);
    case Format::kQ6_K:
      return dequantize_q6_k(b);
    default:
      return dequantize_nibbles(format, b);
  }
}

Sample make_sample(Format format, int64_t rows, int64_t columns, Spread spread, uint64_t seed) {
  Random random(seed);
  if (is_grouped(format)) return make_grouped(format, rows, columns, spread, random);
  const FormatInfo& shape = info(format);
  std::vector<uint8_t> bytes(
      static_cast<size_t>(rows * columns / shape.block_elements * shape.block_bytes));
  if (is_float(format)) {
    randomize_floats(format, spread, random, bytes);
    return sample_of_bytes(format, rows, columns, bytes);
  }
  for (uint8_t& each : bytes) each = static_cast<uint8_t>(random.bits());
  for (size_t at = 0; at < bytes.size(); at += static_cast<size_t>(shape.block_bytes)) {
    for (const int offset : scale_offsets(format)) {
      put_half(bytes.data() + at + offset, random_scale(random, spread));
    }
  }
  return sample_of_bytes(format, rows, columns, bytes);
}

Sample make_filled_sample(Format format, int64_t rows, int64_t columns, uint8_t fill) {
  constexpr uint16_t kOne = 0x3c00;
  if (is_grouped(format)) {
    const auto level = static_cast<uint8_t>(format == Format::kGrouped4 ? fill & 15 : fill);
    const auto groups = static_cast<size_t>(rows * columns / kGroupColumns);
    return sample_of_groups(
        format, rows, columns,
        {std::vector<uint8_t>(static_cast<size_t>(rows * columns), level),
         std::vector<uint16_t>(groups, kOne), std::vector<int16_t>(groups, fill == 0 ? 256 : 0)});
  }
  const FormatInfo& shape = info(format);
  std::vector<uint8_t> bytes(
      static_cast<size_t>(rows * columns / shape.block_elements * shape.block_bytes), fill);
  for (size_t at = 0; at < bytes.size(); at += static_cast<size_t>(shape.block_bytes)) {
    for (const int offset : scale_offsets(format)) put_half(bytes.data() + at + offset, kOne);
    if (format == Format::kQ6_K) std::memset(bytes.data() + at + 192, 0x80, 16);  // scales -128
  }
  return sample_of_bytes(format, rows, columns, bytes);
}

testing::AssertionResult same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  if (a.size() != b.size()) return testing::AssertionFailure() << a.size() << " vs " << b.size();
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::isnan(a[i]) && std::isnan(b[i])) continue;
    if (std::bit_cast<uint32_t>(a[i]) == std::bit_cast<uint32_t>(b[i])) continue;
    return testing::AssertionFailure()
           << "element " << i << ": " << std::hexfloat << a[i] << " vs " << b[i];
  }
  return testing::AssertionSuccess();
}

std::vector<Isa> vector_tiers() { return {kIsas.begin() + 1, kIsas.end()}; }

std::string isa_name(Isa isa) { return std::string(name(isa)); }

bool has(Isa isa) { return runs_on(detect_cpu_features(), isa); }

std::vector<Format> all_formats() {
  std::vector<Format> formats;
  formats.reserve(kFormats.size());
  for (const FormatInfo& each : kFormats) formats.push_back(each.format);
  return formats;
}

}  // namespace spyre::kernels::test
