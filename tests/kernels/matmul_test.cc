#include <algorithm>

#include "base/flush_denormals.h"
#include "base/half.h"
#include "kernels/layout.h"
#include "kernels/samples.h"

namespace spyre::kernels::test {
namespace {

constexpr double kUnit = 0x1p-24;  // half a step of float, relative
constexpr float kUntouched = 12345.0f;

enum class Inputs { kFloat, kBF16, kInt8 };

MatmulFunction function(Isa isa, Format format, Inputs inputs) {
  const auto index = static_cast<size_t>(format);
  const KernelTable& table = kernel_table(isa);
  return inputs == Inputs::kInt8   ? table.matmul_int8[index]
         : inputs == Inputs::kBF16 ? table.matmul_bf16
                                   : table.matmul_f32[index];
}

// Rows of input as a matmul takes them; the tier's own way with bf16.
struct Prepared {
  std::vector<float> floats;  // [m][columns]
  std::vector<std::byte> bytes;
  int64_t stride;
};

Prepared prepare(const std::vector<float>& floats, int64_t columns, Inputs inputs,
                 Isa isa = Isa::kScalar) {
  Prepared out;
  out.floats = floats;
  const size_t m = floats.size() / static_cast<size_t>(columns);
  const size_t used = inputs == Inputs::kInt8
                          ? quantized_row_bytes(columns)
                          : static_cast<size_t>(columns + columns % 2) * sizeof(float);
  out.stride = static_cast<int64_t>(used + 12);  // a stride of its own
  out.bytes.resize(m * static_cast<size_t>(out.stride));
  for (size_t row = 0; row < m; ++row) {
    float* from = out.floats.data() + row * static_cast<size_t>(columns);
    std::byte* to = out.bytes.data() + row * static_cast<size_t>(out.stride);
    if (inputs == Inputs::kInt8) {
      kernel_table(Isa::kScalar).quantize_row(from, columns, to);
    } else if (inputs == Inputs::kBF16) {
      kernel_table(isa).prepare_bf16(from, to, columns);
      kernel_table(Isa::kScalar).round_bf16(from, from, columns);
    } else {
      std::memcpy(to, from, static_cast<size_t>(columns) * sizeof(float));
    }
  }
  return out;
}

struct Case {
  const Sample& sample;
  const Prepared& input;
  Inputs inputs;
  const float* bias = nullptr;
  int64_t prefetch_bytes = 0;
  int64_t pass_bytes = kInputPassBytes;

  int64_t m() const { return static_cast<int64_t>(input.floats.size()) / sample.matrix.columns; }

  // Rows [begin, end) of the input, panels [first, last) into out [m][rows + 3].
  void run(Isa isa, int64_t begin, int64_t end, int64_t first, int64_t last,
           std::vector<float>& out) const {
    const FlushDenormals flush;
    const int64_t stride = sample.matrix.rows + 3;
    function(isa, sample.matrix.format, inputs)({.weights = &sample.matrix,
                                                 .input = input.bytes.data() + begin * input.stride,
                                                 .input_stride = input.stride,
                                                 .m = end - begin,
                                                 .output = out.data() + begin * stride,
                                                 .output_stride = stride,
                                                 .bias = bias,
                                                 .panel_begin = first,
                                                 .panel_end = last,
                                                 .prefetch_bytes = prefetch_bytes,
                                                 .pass_bytes = pass_bytes});
  }

  std::vector<float> all(Isa isa) const {
    std::vector<float> out = blank();
    run(isa, 0, m(), 0, sample.panels(), out);
    return out;
  }

  std::vector<float> blank() const {
    return std::vector<float>(static_cast<size_t>(m() * (sample.matrix.rows + 3)), kUntouched);
  }
};

// The exact value of one output and a bound of what rounding may do to it.
struct Exact {
  double value;
  double bound;
};

Exact exact_float(const Case& c, int64_t row, int64_t output) {
  const int64_t columns = c.sample.matrix.columns;
  double sum = 0;
  double magnitude = 0;
  for (int64_t k = 0; k < columns; ++k) {
    const double term =
        static_cast<double>(c.input.floats[static_cast<size_t>(row * columns + k)]) *
        c.sample.value(output, k);
    sum += term;
    magnitude += std::fabs(term);
  }
  if (c.bias != nullptr) sum += c.bias[output];
  if (c.bias != nullptr) magnitude += std::fabs(c.bias[output]);
  // A chain of `columns` fused steps and the bias: one rounding each of a partial sum.
  return {sum, 1.01 * kUnit * static_cast<double>(columns + 1) * magnitude};
}

// Against the quantised activations: the integers are exact, what rounds is per block of 32. The
// magnitude takes min and level apart, as they are summed apart.
Exact exact_int8(const Case& c, int64_t row, int64_t output) {
  const int64_t columns = c.sample.matrix.columns;
  const auto* blocks =
      reinterpret_cast<const QuantizedBlock*>(c.input.bytes.data() + row * c.input.stride);
  double sum = 0;
  double magnitude = 0;
  for (int64_t k = 0; k < columns; ++k) {
    const QuantizedBlock& block = blocks[k / kQuantBlock];
    const double x = static_cast<double>(block.scale) * block.q[k % kQuantBlock];
    sum += x * c.sample.value(output, k);
    magnitude += std::fabs(x) * 2 * (std::fabs(c.sample.value(output, k)) + 4);
  }
  if (c.bias != nullptr) sum += c.bias[output];
  if (c.bias != nullptr) magnitude += std::fabs(c.bias[output]);
  // Per block: the scale's two products and the fused step; then the mins and the bias.
  return {sum, kUnit * (static_cast<double>(columns) / kQuantBlock + 6) * magnitude};
}

std::vector<int64_t> columns_of(Format format) {
  if (is_float(format)) return {1, 7, 64};
  if (is_grouped(format)) return {64, 192};
  if (info(format).block_elements == 256) return {256, 768};
  return {32, 96};
}

void expect_near_exact(const Case& c) {
  const std::vector<float> out = c.all(Isa::kScalar);
  const int64_t stride = c.sample.matrix.rows + 3;
  for (int64_t row = 0; row < c.m(); ++row) {
    for (int64_t i = 0; i < c.sample.matrix.rows; ++i) {
      const Exact exact =
          c.inputs == Inputs::kInt8 ? exact_int8(c, row, i) : exact_float(c, row, i);
      ASSERT_NEAR(out[static_cast<size_t>(row * stride + i)], exact.value, exact.bound)
          << "row " << row << " output " << i;
    }
    for (int64_t i = c.sample.matrix.rows; i < stride; ++i) {
      ASSERT_EQ(out[static_cast<size_t>(row * stride + i)], kUntouched);
    }
  }
}

// Rows alone and panels alone give what all together give.
void expect_invariant(const Case& c, Isa isa) {
  const std::vector<float> all = c.all(isa);
  std::vector<float> alone = c.blank();
  for (int64_t row = 0; row < c.m(); ++row) c.run(isa, row, row + 1, 0, c.sample.panels(), alone);
  EXPECT_TRUE(same_bits(all, alone)) << "rows alone";
  std::vector<float> panels = c.blank();
  for (int64_t p = 0; p < c.sample.panels(); ++p) c.run(isa, 0, c.m(), p, p + 1, panels);
  EXPECT_TRUE(same_bits(all, panels)) << "panels alone";
  Case tuned = c;
  tuned.prefetch_bytes = 4096;
  tuned.pass_bytes = 1;  // as few rows as a tile has
  EXPECT_TRUE(same_bits(all, tuned.all(isa))) << "other tiles";
}

using Kernel = std::tuple<Format, Inputs>;

std::vector<Kernel> kernels() {
  std::vector<Kernel> list;
#define SPYRE_WEIGHT_FLOAT(format) list.emplace_back(Format::format, Inputs::kFloat);
#define SPYRE_WEIGHT_INTEGER(format)                 \
  list.emplace_back(Format::format, Inputs::kFloat); \
  list.emplace_back(Format::format, Inputs::kInt8);
#include "kernels/kernel_list.inc"
  list.emplace_back(Format::kBF16, Inputs::kBF16);
  return list;
}

std::vector<Kernel> int8_kernels() {
  std::vector<Kernel> list = kernels();
  std::erase_if(list, [](const Kernel& each) { return std::get<Inputs>(each) != Inputs::kInt8; });
  return list;
}

std::string kernel_name(const Kernel& kernel) {
  const auto& [format, inputs] = kernel;
  return std::string(name(format)) + (inputs == Inputs::kInt8   ? "_int8"
                                      : inputs == Inputs::kBF16 ? "_bf16"
                                                                : "_f32");
}

class MatmulScalar : public testing::TestWithParam<Kernel> {};

TEST_P(MatmulScalar, IsNearTheExactProduct) {
  const auto [format, inputs] = GetParam();
  Random random(1);
  for (const int64_t columns : columns_of(format)) {
    const Sample sample = make_sample(format, 21, columns, Spread::kMild, 2);
    const std::vector<float> bias = random_floats(random, 21, Spread::kMild);
    const Prepared input = prepare(
        random_floats(random, static_cast<size_t>(3 * columns), Spread::kMild), columns, inputs);
    expect_near_exact({sample, input, inputs});
    expect_near_exact({sample, input, inputs, bias.data()});
  }
}

class MatmulScalarInt8 : public MatmulScalar {};

// What int8 inputs cost against the floats they stand for: half a step each.
TEST_P(MatmulScalarInt8, InputsAreHalfAStepOff) {
  const auto [format, inputs] = GetParam();
  Random random(3);
  const int64_t columns = columns_of(format).back();
  const Sample sample = make_sample(format, 16, columns, Spread::kMild, 4);
  const std::vector<float> x = random_floats(random, static_cast<size_t>(columns), Spread::kMild);
  const Prepared input = prepare(x, columns, inputs);
  const Case c{sample, input, inputs};
  const std::vector<float> out = c.all(Isa::kScalar);
  const auto* blocks = reinterpret_cast<const QuantizedBlock*>(input.bytes.data());
  for (int64_t i = 0; i < 16; ++i) {
    double bound = exact_int8(c, 0, i).bound;
    for (int64_t k = 0; k < columns; ++k) {
      bound += 0.501 * blocks[k / kQuantBlock].scale * std::fabs(sample.value(i, k));
    }
    EXPECT_NEAR(out[static_cast<size_t>(i)], exact_float(c, 0, i).value, bound);
  }
}

INSTANTIATE_TEST_SUITE_P(Kernels, MatmulScalar, testing::ValuesIn(kernels()),
                         [](const auto& each) { return kernel_name(each.param); });
INSTANTIATE_TEST_SUITE_P(Kernels, MatmulScalarInt8, testing::ValuesIn(int8_kernels()),
                         [](const auto& each) { return kernel_name(each.param); });

class MatmulTier : public testing::TestWithParam<std::tuple<Kernel, Isa>> {};

TEST_P(MatmulTier, HasTheBitsOfScalar) {
  const auto& [kernel, isa] = GetParam();
  SPYRE_SKIP_WITHOUT(isa);
  const auto [format, inputs] = kernel;
  if (isa == Isa::kAmx && inputs == Inputs::kBF16) {
    GTEST_SKIP() << "an order of its own, tested in tiles_test.cc";
  }
  Random random(5);
  for (const Spread spread : {Spread::kMild, Spread::kExtreme}) {
    for (const int64_t rows : {1, 16, 23, 80}) {
      const int64_t columns = columns_of(format)[static_cast<size_t>(rows % 2)];
      const Sample sample = make_sample(format, rows, columns, spread, 6);
      const std::vector<float> bias = random_floats(random, static_cast<size_t>(rows), spread);
      for (const int64_t m : {1, 2, 7, 13}) {
        const std::vector<float> x =
            random_floats(random, static_cast<size_t>(m * columns), spread);
        const float* b = m % 2 == 0 ? bias.data() : nullptr;
        const Prepared input = prepare(x, columns, inputs);
        const Prepared of_tier = prepare(x, columns, inputs, isa);
        ASSERT_TRUE(same_bits(Case{sample, input, inputs, b}.all(Isa::kScalar),
                              Case{sample, of_tier, inputs, b}.all(isa)))
            << rows << "x" << columns << " m " << m;
      }
    }
  }
}

class MatmulInt8Tier : public MatmulTier {};

// Every byte product at its largest, of either sign: nothing may saturate.
TEST_P(MatmulInt8Tier, HoldsTheLargestSums) {
  const auto& [kernel, isa] = GetParam();
  SPYRE_SKIP_WITHOUT(isa);
  const auto [format, inputs] = kernel;
  const int64_t columns = columns_of(format).back();
  for (const int fill : {0, 0x80, 0xff}) {
    const Sample sample = make_filled_sample(format, 16, columns, static_cast<uint8_t>(fill));
    for (const float x : {-3.0f, 3.0f}) {
      const Prepared input =
          prepare(std::vector<float>(static_cast<size_t>(columns), x), columns, inputs);
      const Case c{sample, input, inputs};
      const Exact exact = exact_int8(c, 0, 0);
      const std::vector<float> out = c.all(isa);
      EXPECT_NEAR(out[0], exact.value, exact.bound);
      EXPECT_TRUE(same_bits(c.all(Isa::kScalar), out));
    }
  }
}

TEST_P(MatmulTier, NeverDependsOnBatchOrPanels) {
  const auto& [kernel, isa] = GetParam();
  SPYRE_SKIP_WITHOUT(isa);
  const auto [format, inputs] = kernel;
  Random random(9);
  const int64_t columns = columns_of(format).back();
  const Sample sample = make_sample(format, 75, columns, Spread::kMild, 10);
  const Prepared input =
      prepare(random_floats(random, static_cast<size_t>(15 * columns), Spread::kMild), columns,
              inputs, isa);
  expect_invariant({sample, input, inputs}, isa);
}

TEST_P(MatmulTier, PassesANaNOn) {
  const auto& [kernel, isa] = GetParam();
  SPYRE_SKIP_WITHOUT(isa);
  const auto [format, inputs] = kernel;
  const int64_t columns = columns_of(format).back();
  const Sample sample = make_sample(format, 16, columns, Spread::kMild, 11);
  std::vector<float> x(static_cast<size_t>(2 * columns), 1.0f);
  x[5] = std::numeric_limits<float>::quiet_NaN();
  const Prepared input = prepare(x, columns, inputs, isa);
  const std::vector<float> out = Case{sample, input, inputs}.all(isa);
  for (size_t i = 0; i < 16; ++i) {
    EXPECT_TRUE(std::isnan(out[i]));
    EXPECT_TRUE(std::isfinite(out[19 + i]));  // the other row
  }
}

std::string tier_name(const testing::TestParamInfo<std::tuple<Kernel, Isa>>& each) {
  return kernel_name(std::get<0>(each.param)) + "_" + isa_name(std::get<1>(each.param));
}

INSTANTIATE_TEST_SUITE_P(Kernels, MatmulTier,
                         testing::Combine(testing::ValuesIn(kernels()),
                                          testing::ValuesIn(vector_tiers())),
                         tier_name);
INSTANTIATE_TEST_SUITE_P(Kernels, MatmulInt8Tier,
                         testing::Combine(testing::ValuesIn(int8_kernels()),
                                          testing::ValuesIn(vector_tiers())),
                         tier_name);

// More input than one pass holds (kInputPassBytes): the second pass must do as the first.
TEST(Matmul, LongBatches) {
  const Isa isa = best_isa(detect_cpu_features());
  Random random(12);
  const Sample sample = make_sample(Format::kQ4_0, 20, 1024, Spread::kMild, 13);
  const Prepared input =
      prepare(random_floats(random, size_t{400} * 1024, Spread::kMild), 1024, Inputs::kInt8);
  expect_invariant({sample, input, Inputs::kInt8}, isa);
}

}  // namespace
}  // namespace spyre::kernels::test
