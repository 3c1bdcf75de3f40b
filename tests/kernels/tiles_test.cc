// Kernels over tiles, emulated on every machine and the processor's where it has them: int8 rows
// have the bits of the scalar tier, bf16 those of the order that its tiles have, written down here
// once more.
#include "base/flush_denormals.h"
#include "base/half.h"
#include "kernels/emulated_tiers.h"
#include "kernels/samples.h"
#include "kernels/tile_check.h"

namespace spyre::kernels::test {
namespace {

constexpr float kUntouched = 12345.0f;

// Where the kernels come from.
enum class Tiles { kEmulated, kEmulatedAvx512, kAmx };

std::string tiles_name(Tiles tiles) {
  return tiles == Tiles::kAmx              ? "amx"
         : tiles == Tiles::kEmulatedAvx512 ? "emulated_avx512"
                                           : "emulated";
}

#define SPYRE_SKIP_WITHOUT_TILES(tiles)                      \
  if ((tiles) == Tiles::kAmx) SPYRE_SKIP_WITHOUT(Isa::kAmx); \
  if ((tiles) == Tiles::kEmulatedAvx512) SPYRE_SKIP_WITHOUT(Isa::kAvx512Bf16)

MatmulFunction int8_kernel(Tiles tiles, Format format) {
  const auto index = static_cast<size_t>(format);
  if (tiles == Tiles::kAmx) return kernel_table(Isa::kAmxInt8).matmul_int8[index];
  return (tiles == Tiles::kEmulated ? wide_tile_kernels() : avx512_tile_kernels()).int8[index];
}

MatmulFunction bf16_kernel(Tiles tiles) {
  if (tiles == Tiles::kAmx) return kernel_table(Isa::kAmx).matmul_bf16;
  return (tiles == Tiles::kEmulated ? wide_tile_kernels() : avx512_tile_kernels()).bf16;
}

// Rows of input with a stride of their own, no byte of memory behind the last one.
struct Rows {
  std::vector<std::byte> bytes;
  int64_t stride;
  int64_t m;
};

Rows int8_rows(const std::vector<float>& x, int64_t columns) {
  const auto used = quantized_row_bytes(columns);
  Rows rows = {.bytes = {},
               .stride = static_cast<int64_t>(used + 12),
               .m = static_cast<int64_t>(x.size()) / columns};
  rows.bytes.resize(static_cast<size_t>((rows.m - 1) * rows.stride) + used);
  for (int64_t row = 0; row < rows.m; ++row) {
    kernel_table(Isa::kScalar)
        .quantize_row(x.data() + row * columns, columns, rows.bytes.data() + row * rows.stride);
  }
  return rows;
}

// Pairs of bf16, as the tiers with the instruction prepare them; x becomes what is meant.
Rows bf16_rows(std::vector<float>& x, int64_t columns) {
  const FlushDenormals flush;
  const int64_t used = 2 * (columns + columns % 2);
  Rows rows = {.bytes = {}, .stride = used + 12, .m = static_cast<int64_t>(x.size()) / columns};
  rows.bytes.resize(static_cast<size_t>((rows.m - 1) * rows.stride + used));
  for (int64_t i = 0; i < rows.m * columns; ++i) {
    const uint16_t bits = f32_to_bf16(x[static_cast<size_t>(i)]);
    x[static_cast<size_t>(i)] = bf16_to_f32(bits);
    std::memcpy(rows.bytes.data() + i / columns * rows.stride + i % columns * 2, &bits, 2);
  }
  return rows;
}

struct Product {
  const Sample& sample;
  const Rows& input;
  const float* bias = nullptr;
  int64_t pass_bytes = kInputPassBytes;

  int64_t stride() const { return sample.matrix.rows + 3; }

  // Rows [begin, end), panels [first, last) of the output.
  void run(MatmulFunction kernel, int64_t begin, int64_t end, int64_t first, int64_t last,
           std::vector<float>& out) const {
    const FlushDenormals flush;
    kernel({.weights = &sample.matrix,
            .input = input.bytes.data() + begin * input.stride,
            .input_stride = input.stride,
            .m = end - begin,
            .output = out.data() + begin * stride(),
            .output_stride = stride(),
            .bias = bias,
            .panel_begin = first,
            .panel_end = last,
            .prefetch_bytes = 512,
            .pass_bytes = pass_bytes});
  }

  std::vector<float> all(MatmulFunction kernel) const {
    std::vector<float> out(static_cast<size_t>(input.m * stride()), kUntouched);
    run(kernel, 0, input.m, 0, sample.panels(), out);
    return out;
  }
};

class TilesOfInt8 : public testing::TestWithParam<std::tuple<Format, Tiles>> {};

TEST_P(TilesOfInt8, HaveTheBitsOfScalar) {
  const auto [format, tiles] = GetParam();
  SPYRE_SKIP_WITHOUT_TILES(tiles);
  const auto index = static_cast<size_t>(format);
  const int64_t block = is_grouped(format) ? 64 : info(format).block_elements;
  Random random(21);
  for (const Spread spread : {Spread::kMild, Spread::kExtreme}) {
    for (const int64_t rows : {16, 23}) {
      // Chunks that are full, begun, and groups of blocks that are not full.
      for (const int64_t columns : {block, 3 * block, (600 + block - 1) / block * block}) {
        const Sample sample = make_sample(format, rows, columns, spread, 22);
        const std::vector<float> bias = random_floats(random, static_cast<size_t>(rows), spread);
        for (const int64_t m : {16, 17, 47}) {
          const Rows input =
              int8_rows(random_floats(random, static_cast<size_t>(m * columns), spread), columns);
          Product run = {sample, input, m == 17 ? bias.data() : nullptr};
          const std::vector<float> wanted = run.all(kernel_table(Isa::kScalar).matmul_int8[index]);
          ASSERT_TRUE(same_bits(wanted, run.all(int8_kernel(tiles, format))))
              << rows << "x" << columns << " m " << m;
          run.pass_bytes = 1;
          ASSERT_TRUE(same_bits(wanted, run.all(int8_kernel(tiles, format)))) << "short passes";
        }
      }
    }
  }
}

TEST_P(TilesOfInt8, HoldTheLargestSums) {
  const auto [format, tiles] = GetParam();
  SPYRE_SKIP_WITHOUT_TILES(tiles);
  const auto index = static_cast<size_t>(format);
  const int64_t columns = is_grouped(format) ? 64 : info(format).block_elements;
  for (const int fill : {0, 0x80, 0xff}) {
    const Sample sample = make_filled_sample(format, 16, columns, static_cast<uint8_t>(fill));
    for (const float x : {-3.0f, 3.0f}) {
      const Rows input =
          int8_rows(std::vector<float>(static_cast<size_t>(16 * columns), x), columns);
      const Product run = {sample, input};
      EXPECT_TRUE(same_bits(run.all(kernel_table(Isa::kScalar).matmul_int8[index]),
                            run.all(int8_kernel(tiles, format))));
    }
  }
}

std::vector<Format> integer_formats() {
  std::vector<Format> formats = all_formats();
  std::erase_if(formats, [](Format each) { return is_float(each); });
  return formats;
}

constexpr Tiles kAllTiles[] = {Tiles::kEmulated, Tiles::kEmulatedAvx512, Tiles::kAmx};

INSTANTIATE_TEST_SUITE_P(Formats, TilesOfInt8,
                         testing::Combine(testing::ValuesIn(integer_formats()),
                                          testing::ValuesIn(kAllTiles)),
                         [](const auto& each) {
                           return std::string(name(std::get<0>(each.param))) + "_" +
                                  tiles_name(std::get<1>(each.param));
                         });

// x: inputs as floats.
std::vector<float> in_order_of_tiles(const Product& run, const std::vector<float>& x) {
  const FlushDenormals flush;
  const int64_t columns = run.sample.matrix.columns;
  std::vector<float> out(static_cast<size_t>(run.input.m * run.stride()), kUntouched);
  for (int64_t row = 0; row < run.input.m; ++row) {
    for (int64_t i = 0; i < run.sample.matrix.rows; ++i) {
      const auto product = [&](int64_t k, float sum) {
        const bool there = k < columns;
        return std::fma(there ? x[static_cast<size_t>(row * columns + k)] : 0.0f,
                        there ? run.sample.value(i, k) : 0.0f, sum);
      };
      float sum = 0.0f;
      for (int64_t first = 0; first < columns; first += 32) {
        float even = 0.0f;
        float odd = 0.0f;
        for (int64_t k = first; k < first + 32; k += 2) {
          even = product(k, even);
          odd = product(k + 1, odd);
        }
        sum = sum + (even + odd);
      }
      if (run.bias != nullptr) sum = sum + run.bias[i];
      out[static_cast<size_t>(row * run.stride() + i)] = sum;
    }
  }
  return out;
}

class AllTiles : public testing::TestWithParam<Tiles> {};

TEST_P(AllTiles, KeepTheOrderOfBf16) {
  SPYRE_SKIP_WITHOUT_TILES(GetParam());
  Random random(31);
  for (const Spread spread : {Spread::kMild, Spread::kExtreme}) {
    for (const int64_t rows : {1, 16, 40, 87}) {
      for (const int64_t columns : {1, 32, 77, 160}) {
        const Sample sample = make_sample(Format::kBF16, rows, columns, spread, 32);
        const std::vector<float> bias = random_floats(random, static_cast<size_t>(rows), spread);
        for (const int64_t m : {1, 5, 16, 17, 33, 50}) {
          std::vector<float> x = random_floats(random, static_cast<size_t>(m * columns), spread);
          const Rows input = bf16_rows(x, columns);
          const Product run = {sample, input, m % 2 == 0 ? bias.data() : nullptr};
          ASSERT_TRUE(same_bits(in_order_of_tiles(run, x), run.all(bf16_kernel(GetParam()))))
              << rows << "x" << columns << " m " << m;
        }
      }
    }
  }
}

TEST_P(AllTiles, OfBf16NeverDependOnBatchOrPanels) {
  SPYRE_SKIP_WITHOUT_TILES(GetParam());
  Random random(33);
  const Sample sample = make_sample(Format::kBF16, 75, 96, Spread::kMild, 34);
  std::vector<float> x = random_floats(random, size_t{41} * 96, Spread::kMild);
  const Rows input = bf16_rows(x, 96);
  const MatmulFunction kernel = bf16_kernel(GetParam());
  Product run = {sample, input};
  const std::vector<float> all = run.all(kernel);
  std::vector<float> parts(all.size(), kUntouched);
  for (int64_t row = 0; row < input.m; ++row) {
    run.run(kernel, row, row + 1, 0, sample.panels(), parts);
  }
  EXPECT_TRUE(same_bits(all, parts)) << "rows alone";
  std::ranges::fill(parts, kUntouched);
  for (int64_t panel = 0; panel < sample.panels(); ++panel) {
    run.run(kernel, 0, input.m, panel, panel + 1, parts);
  }
  EXPECT_TRUE(same_bits(all, parts)) << "panels alone";
  run.pass_bytes = 1;
  EXPECT_TRUE(same_bits(all, run.all(kernel))) << "short passes";
}

// More rows than keep their sums at once.
TEST_P(AllTiles, TakeLongBatchesOfInt8InPasses) {
  SPYRE_SKIP_WITHOUT_TILES(GetParam());
  Random random(23);
  const Sample sample = make_sample(Format::kQ4_1, 20, 64, Spread::kMild, 24);
  const Rows input = int8_rows(random_floats(random, size_t{521} * 64, Spread::kMild), 64);
  const Product run = {sample, input};
  const MatmulFunction scalar =
      kernel_table(Isa::kScalar).matmul_int8[static_cast<size_t>(Format::kQ4_1)];
  EXPECT_TRUE(same_bits(run.all(scalar), run.all(int8_kernel(GetParam(), Format::kQ4_1))));
}

INSTANTIATE_TEST_SUITE_P(Tiles, AllTiles, testing::ValuesIn(kAllTiles),
                         [](const auto& each) { return tiles_name(each.param); });

TEST(TileCheck, TrustsWhatMultipliesAsItShould) {
  const TileTrust trust = check_tiles(emulated_products);
  EXPECT_TRUE(trust.int8);
  EXPECT_TRUE(trust.bf16);
}

TEST(TileCheck, TellsTheKindsApart) {
  const TileTrust no_bf16 = check_tiles([](const TileOperands& operands, TileProducts& out) {
    emulated_products(operands, out);
    out.bf16[255] = std::nextafter(out.bf16[255], 1.0f);
  });
  EXPECT_TRUE(no_bf16.int8);
  EXPECT_FALSE(no_bf16.bf16);
  const TileTrust no_int8 = check_tiles([](const TileOperands& operands, TileProducts& out) {
    emulated_products(operands, out);
    ++out.s8_u8[0];
  });
  EXPECT_FALSE(no_int8.int8);
  EXPECT_TRUE(no_int8.bf16);
}

TEST(TileCheck, LeavesTiersWithoutTilesAlone) {
  for (const Isa isa : {Isa::kScalar, Isa::kAvx2, Isa::kAvxVnni, Isa::kAvx512, Isa::kAvx512Bf16}) {
    EXPECT_EQ(trusted_isa(isa), isa);
  }
}

TEST(TileCheck, TrustsThisCpu) {
  SPYRE_SKIP_WITHOUT(Isa::kAmx);
  EXPECT_EQ(trusted_isa(Isa::kAmx), Isa::kAmx);
}

}  // namespace
}  // namespace spyre::kernels::test
