// Speed of every kernel of the list, per tier and shape, on one core. Matmuls report what bounds
// many rows of input, GMAC/s (multiplications and additions of integers) or GFLOP/s (2 for each
// weight and row), and what bounds few rows, GB/s of packed weights and their percentage of what
// this core reads from memory, which is measured first. Weights are one matrix: shapes that fit a
// cache are read out of it and go beyond 100 %; 128256x2048 fits none. Attention reports the same
// of keys and values; the kernels on rows work in the L1 cache and report GB/s read and written.
//
//   kernels_bench --benchmark_filter='matmul_int8/Q4_0/avx512/2048x2048/m:1$'
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "../bandwidth/read_bandwidth.h"
#include "base/aligned_buffer.h"
#include "kernels/kernels.h"

namespace spyre::kernels {
namespace {

constexpr int64_t kGroupColumns = 128;

struct Shape {
  int64_t rows;
  int64_t columns;
};
// MiniLM's, then SmolLM2-135M's and some of Llama-3.2-1B's; the last of those two is the output
// matrix.
constexpr Shape kShapes[] = {{384, 384},   {1536, 384},  {384, 1536},   {576, 576},
                             {1536, 576},  {576, 1536},  {49152, 576},  {2048, 2048},
                             {8192, 2048}, {2048, 8192}, {128256, 2048}};
constexpr int64_t kInputRows[] = {1, 4, 16, 64, 512, 2048};
// About a second's multiplications of the scalar tier, and of the slowest format of the others:
// larger cases are left out.
constexpr int64_t kScalarLimit = 100'000'000;
constexpr int64_t kVectorLimit = 20'000'000'000;
constexpr int64_t kPrefetchBytes = 8192;  // what programs have that were not tuned

std::vector<Isa> tiers() {
  std::vector<Isa> list;
  for (const Isa isa : kIsas) {
    if (runs_on(detect_cpu_features(), isa)) list.push_back(isa);
  }
  return list;
}

AlignedBuffer filled(size_t bytes, int byte) {
  AlignedBuffer buffer = std::move(*AlignedBuffer::create(bytes));
  std::memset(buffer.data(), byte, bytes);
  return buffer;
}

void report(benchmark::State& state, const char* unit, double billions) {
  state.counters[unit] =
      benchmark::Counter(billions, benchmark::Counter::kIsIterationInvariantRate);
}

// Bytes per second that one core reads; 0 where it is not known.
double memory_bandwidth() {
  static const double bandwidth = bench::read_bandwidth(1, size_t{1} << 30);
  return bandwidth;
}

void report_bytes(benchmark::State& state, double bytes) { report(state, "GB/s", bytes * 1e-9); }

void report_reads(benchmark::State& state, size_t bytes) {
  report_bytes(state, static_cast<double>(bytes));
  if (memory_bandwidth() > 0) {
    report(state, "%memory", 100 * static_cast<double>(bytes) / memory_bandwidth());
  }
}

enum class Inputs { kFloat, kBf16, kInt8 };

void run_matmul(benchmark::State& state, Isa isa, Format format, Inputs inputs, Shape shape,
                int64_t m) {
  const auto [rows, columns] = shape;
  const int64_t group = is_grouped(format) ? kGroupColumns : 0;
  // As f16, as f32 and as levels these bytes are ordinary numbers.
  const AlignedBuffer weights = filled(packed_bytes(format, rows, columns, group), 0x2e);
  const PackedMatrix matrix = {format, rows, columns, group, weights.data()};
  const size_t stride = inputs == Inputs::kInt8 ? quantized_row_bytes(columns)
                                                : static_cast<size_t>(columns) * sizeof(float);
  const AlignedBuffer input = filled(stride * static_cast<size_t>(m), 0x2e);
  const AlignedBuffer output = filled(static_cast<size_t>(m * rows) * sizeof(float), 0);
  const MatmulArgs args = {.weights = &matrix,
                           .input = input.data(),
                           .input_stride = static_cast<int64_t>(stride),
                           .m = m,
                           .output = output.as<float>().data(),
                           .output_stride = rows,
                           .bias = nullptr,
                           .panel_begin = 0,
                           .panel_end = (rows + kPanelRows - 1) / kPanelRows,
                           .prefetch_bytes = kPrefetchBytes};
  const KernelTable& table = kernel_table(isa);
  const auto index = static_cast<size_t>(format);
  const MatmulFunction matmul = inputs == Inputs::kInt8   ? table.matmul_int8[index]
                                : inputs == Inputs::kBf16 ? table.matmul_bf16
                                                          : table.matmul_f32[index];
  for (auto _ : state) {
    matmul(args);
    benchmark::ClobberMemory();
  }
  report_reads(state, weights.bytes());
  const double macs = static_cast<double>(rows * columns * m);
  if (inputs == Inputs::kInt8) {
    report(state, "GMAC/s", macs * 1e-9);
  } else {
    report(state, "GFLOP/s", 2 * macs * 1e-9);
  }
}

void add_matmuls(Format format, Inputs inputs) {
  const std::string kernel = inputs == Inputs::kInt8   ? "matmul_int8/"
                             : inputs == Inputs::kBf16 ? "matmul_bf16/"
                                                       : "matmul_f32/";
  const int64_t block = is_grouped(format) ? kGroupColumns : info(format).block_elements;
  for (const Isa isa : tiers()) {
    for (const Shape shape : kShapes) {
      // Formats with blocks of 256, and groups, round the columns up.
      const Shape whole = {shape.rows, (shape.columns + block - 1) / block * block};
      for (const int64_t m : kInputRows) {
        const int64_t limit = isa == Isa::kScalar ? kScalarLimit : kVectorLimit;
        if (whole.rows * whole.columns * m > limit) continue;
        const std::string label = kernel + std::string(name(format)) + "/" +
                                  std::string(name(isa)) + "/" + std::to_string(whole.rows) + "x" +
                                  std::to_string(whole.columns) + "/m:" + std::to_string(m);
        benchmark::RegisterBenchmark(label.c_str(), [=](benchmark::State& state) {
          run_matmul(state, isa, format, inputs, whole, m);
        });
      }
    }
  }
}

void run_attention(benchmark::State& state, AttentionFunction attention, Format format,
                   int64_t keys, int64_t rows) {
  constexpr int64_t kGroup = 3;
  constexpr int64_t kHeadDim = 64;
  const int64_t blocks = (keys + kKvBlockTokens - 1) / kKvBlockTokens;
  const int64_t block_bytes = kKvBlockTokens * kHeadDim * info(format).block_bytes;
  const AlignedBuffer pool = filled(static_cast<size_t>(blocks * block_bytes), 0x2e);
  std::vector<int32_t> table;
  table.reserve(static_cast<size_t>(blocks));
  for (int64_t i = 0; i < blocks; ++i) table.push_back(static_cast<int32_t>(i));
  const std::vector<float> q(static_cast<size_t>(rows * kGroup * kHeadDim), 0.5f);
  std::vector<float> out(q.size());
  std::vector<float> scratch(attention_scratch_floats(rows * kGroup, kHeadDim));
  const AttentionArgs args = {.q = q.data(),
                              .out = out.data(),
                              .out_stride = kGroup * kHeadDim,
                              .rows = rows,
                              .group = kGroup,
                              .head_dim = kHeadDim,
                              .k_pool = pool.data(),
                              .v_pool = pool.data(),
                              .block_stride = block_bytes,
                              .block_table = table.data(),
                              .window = 0,
                              .position = keys - rows,
                              .scale = 0.125f,
                              .softcap = 0.0f,
                              .scratch = scratch.data()};
  for (auto _ : state) {
    attention(args);
    benchmark::ClobberMemory();
  }
  report_reads(state, static_cast<size_t>(2 * blocks * block_bytes));
  report(state, "GFLOP/s", static_cast<double>(4 * rows * kGroup * kHeadDim * keys) * 1e-9);
}

void add_attention(const std::string& kernel, AttentionFunction KernelTable::* attention,
                   Format format) {
  for (const Isa isa : tiers()) {
    for (const int64_t keys : {64, 512, 4096}) {
      // One row, as at decode, and a tile of a prompt.
      for (const int64_t rows : {1, 8}) {
        const std::string label = kernel + "/" + std::string(name(isa)) +
                                  "/keys:" + std::to_string(keys) + "/rows:" + std::to_string(rows);
        benchmark::RegisterBenchmark(label.c_str(), [=](benchmark::State& state) {
          run_attention(state, kernel_table(isa).*attention, format, keys, rows);
        });
      }
    }
  }
}

// call(table, x, y, out, n) on rows that stay in the L1 cache.
template <typename Call>
void add_row_kernel(const std::string& kernel, Call call) {
  constexpr int64_t kValues = 1536;
  for (const Isa isa : tiers()) {
    benchmark::RegisterBenchmark(
        (kernel + "/" + std::string(name(isa))).c_str(), [=](benchmark::State& state) {
          std::vector<float> x(kValues);
          for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
          const std::vector<float> y = x;
          std::vector<float> out(x.size());
          for (auto _ : state) {
            call(kernel_table(isa), x.data(), y.data(), out.data(), kValues);
            benchmark::ClobberMemory();
          }
          report_bytes(state, 2.0 * kValues * sizeof(float));
        });
  }
}

void add_row_kernels() {
  using Table = const KernelTable&;
  using In = const float*;
#define SPYRE_UNARY(name) \
  add_row_kernel(#name, [](Table t, In x, In, float* out, int64_t n) { t.name(x, out, n); });
#define SPYRE_BINARY(name) \
  add_row_kernel(#name, [](Table t, In x, In y, float* out, int64_t n) { t.name(x, y, out, n); });
#include "kernels/kernel_list.inc"
  add_row_kernel("softmax", [](Table t, In x, In, float* out, int64_t n) { t.softmax(x, out, n); });
  add_row_kernel("rms_norm", [](Table t, In x, In y, float* out, int64_t n) {
    t.rms_norm(x, y, out, n, 1e-5f, 0.0f);
  });
  add_row_kernel("layer_norm", [](Table t, In x, In y, float* out, int64_t n) {
    t.layer_norm(x, y, y, out, n, 1e-5f);
  });
  add_row_kernel("rope", [](Table t, In x, In y, float* out, int64_t n) { t.rope(out, x, y, n); });
  add_row_kernel("quantize_row", [](Table t, In x, In, float* out, int64_t n) {
    t.quantize_row(x, n, reinterpret_cast<std::byte*>(out));
  });
}

}  // namespace
}  // namespace spyre::kernels

int main(int argc, char** argv) {
  using namespace spyre::kernels;
  using spyre::Format;
#define SPYRE_WEIGHT_FLOAT(format) add_matmuls(Format::format, Inputs::kFloat);
#define SPYRE_WEIGHT_INTEGER(format)          \
  add_matmuls(Format::format, Inputs::kInt8); \
  add_matmuls(Format::format, Inputs::kFloat);
#define SPYRE_ATTENTION(name, format) add_attention(#name, &KernelTable::name, Format::format);
#include "kernels/kernel_list.inc"
  add_matmuls(Format::kBF16, Inputs::kBf16);
  add_row_kernels();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::AddCustomContext("read from memory by one core",
                              fmt::format("{:.1f} GB/s", memory_bandwidth() * 1e-9));
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
