#include <algorithm>
#include <array>

#include "kernels/samples.h"

namespace spyre::kernels::test {
namespace {

struct Shape {
  int64_t group;
  int64_t head_dim;
  int64_t first = 0;  // visible to the first row
  int64_t position;   // of the first row
  float softcap;
  int64_t rows = 1;
  int64_t ahead = -1;  // keys behind the last row that every row sees; -1: causal
  bool biased = false;

  // A window that the first row's first key stands for; none when that is position 0.
  // The last key of the last row.
  int64_t last() const { return position + rows - 1 + std::max<int64_t>(0, ahead); }
  int64_t window() const { return first == 0 ? 0 : position - first + 1; }
};

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  return out << shape.rows << " rows, group " << shape.group << " head_dim " << shape.head_dim
             << " keys " << shape.first << ".." << shape.position << " softcap " << shape.softcap
             << " ahead " << shape.ahead << (shape.biased ? " biased" : "");
}

const std::vector<Shape> kShapes = {
    {1, 16, 0, 0, 0},
    {3, 64, 0, 63, 0},
    {2, 5, 0, 64, 0},
    {4, 80, 0, 255, 30},
    {7, 19, 0, 256, 0},
    {5, 128, 0, 300, 50},
    {3, 64, 250, 700, 0},
    {1, 33, 77, 77, 0},
    {6, 8, 256, 511, 5},
    {9, 48, 200, 262, 0},
    {2, 256, 300, 1025, 0},
    {.group = 1, .head_dim = 32, .position = 0, .softcap = 0, .ahead = 0},
    {.group = 1, .head_dim = 32, .position = 3, .softcap = 0, .ahead = 70},
    {.group = 3, .head_dim = 17, .position = 5, .softcap = 0, .ahead = 300, .biased = true},
    {.group = 1, .head_dim = 64, .position = 255, .softcap = 9, .ahead = 257, .biased = true},
    {.group = 2, .head_dim = 8, .position = 0, .softcap = 0, .ahead = 63, .biased = true},
};

// Tiles that lie before, over and behind the borders of blocks and chunks; windows of one key, of
// fewer keys than rows, of more than a chunk.
std::vector<Shape> random_tiles(int count) {
  Random random(9);
  std::vector<Shape> shapes;
  for (int i = 0; i < count; ++i) {
    Shape shape{.group = 1 + random.below(9),
                .head_dim = random.below(3) == 0 ? 64 : 1 + random.below(140),
                .first = 0,
                .position = random.below(600),
                .softcap = random.below(4) == 0 ? 20.0f : 0.0f,
                .rows = 1 + random.below(13)};
    if (random.below(3) == 0) shape.position = 256 * random.below(4) + 240 + random.below(32);
    if (random.below(3) == 0) {
      shape.ahead = random.below(random.below(2) == 0 ? 5 : 300);
      shape.biased = random.below(2) == 0;
    } else if (random.below(2) == 0) {
      const int64_t window = 1 + random.below(random.below(2) == 0 ? 12 : 500);
      shape.first = std::max<int64_t>(0, shape.position - window + 1);
    }
    shapes.push_back(shape);
  }
  return shapes;
}

// A paged pool in which blocks lie in descending order and unwritten slots are NaN.
class Pool {
 public:
  Pool(Format format, const Shape& shape, Spread spread)
      : format_(format), shape_(shape), random_(4) {
    const int64_t blocks = last() / kKvBlockTokens + 1;
    block_bytes_ = shape.head_dim * kKvBlockTokens * info(format).block_bytes;
    keys_.assign(static_cast<size_t>(blocks * block_bytes_), std::byte{0xff});
    values_ = keys_;
    for (int64_t i = 0; i < blocks; ++i) table_.push_back(static_cast<int32_t>(blocks - 1 - i));
    const auto dim = static_cast<size_t>(shape.head_dim);
    bias_stride_ = 2 * blocks * kKvBlockTokens;
    if (shape.biased) {
      bias_ = random_floats(random_, static_cast<size_t>(shape.group * bias_stride_), spread);
    }
    q_ = random_floats(random_, static_cast<size_t>(shape.rows * shape.group) * dim, spread);
    for (int64_t t = shape.first; t <= last(); ++t) {
      const std::vector<float> k = random_floats(random_, dim, spread);
      const std::vector<float> v = random_floats(random_, dim, spread);
      write(t, k, v);
    }
  }

  // What one row sees and its neighbour does not becomes NaN.
  void spoil_edges() {
    const std::vector<float> nan(static_cast<size_t>(shape_.head_dim),
                                 std::numeric_limits<float>::quiet_NaN());
    write(shape_.first, nan, nan);
    write(last(), nan, nan);
  }

  std::vector<float> attend(Isa isa) const { return attend(isa, 0, shape_.rows); }

  // Some rows in one call. Rows of the output lie apart, with what is between untouched.
  std::vector<float> attend(Isa isa, int64_t row, int64_t rows) const {
    const int64_t width = shape_.group * shape_.head_dim;
    const int64_t stride = width + 3;
    std::vector<float> out(static_cast<size_t>(rows * stride), 7.0f);
    std::vector<float> scratch(attention_scratch_floats(rows * shape_.group, shape_.head_dim));
    const KernelTable& table = kernel_table(isa);
    const AttentionFunction function = format_ == Format::kF32   ? table.attention_f32
                                       : format_ == Format::kF16 ? table.attention_f16
                                                                 : table.attention_bf16;
    function({.q = q_.data() + row * width,
              .out = out.data(),
              .out_stride = stride,
              .rows = rows,
              .group = shape_.group,
              .head_dim = shape_.head_dim,
              .k_pool = keys_.data(),
              .v_pool = values_.data(),
              .block_stride = block_bytes_,
              .block_table = table_.data(),
              .window = shape_.window(),
              .keys = shape_.ahead < 0 ? 0 : last() + 1,
              .position = shape_.position + row,
              .scale = scale(),
              .softcap = shape_.softcap,
              .bias = shape_.biased ? bias_.data() + bias_stride_ / 2 : nullptr,
              .bias_stride = bias_stride_,
              .scratch = scratch.data()});
    std::vector<float> rows_out;
    for (int64_t i = 0; i < rows; ++i) {
      const auto at = out.begin() + i * stride;
      rows_out.insert(rows_out.end(), at, at + width);
      EXPECT_TRUE(std::all_of(at + width, at + stride, [](float x) { return x == 7.0f; }));
    }
    return rows_out;
  }

  float scale() const { return 1.0f / std::sqrt(static_cast<float>(shape_.head_dim)); }
  double q(int64_t head, int64_t d) const {
    return q_[static_cast<size_t>(head * shape_.head_dim + d)];
  }
  double bias(int64_t head, int64_t distance) const {
    if (!shape_.biased) return 0;
    return bias_[static_cast<size_t>(head * bias_stride_ + bias_stride_ / 2 + distance)];
  }
  // f32 pools only.
  double key(int64_t t, int64_t d) const { return at(keys_, t, d * 64 + t % 64); }
  double value(int64_t t, int64_t d) const { return at(values_, t, t % 64 * shape_.head_dim + d); }

 private:
  int64_t last() const { return shape_.last(); }
  void write(int64_t t, const std::vector<float>& k, const std::vector<float>& v) {
    const int64_t at = table_[static_cast<size_t>(t / kKvBlockTokens)] * block_bytes_;
    write_kv(format_, k.data(), v.data(), shape_.head_dim, t % kKvBlockTokens, keys_.data() + at,
             values_.data() + at);
  }
  double at(const std::vector<std::byte>& pool, int64_t t, int64_t index) const {
    float value;
    const int64_t block = table_[static_cast<size_t>(t / kKvBlockTokens)];
    std::memcpy(&value, pool.data() + block * block_bytes_ + index * 4, sizeof(value));
    return value;
  }

  Format format_;
  Shape shape_;
  Random random_;
  int64_t block_bytes_ = 0;
  std::vector<std::byte> keys_;
  std::vector<std::byte> values_;
  std::vector<int32_t> table_;
  std::vector<float> q_;
  std::vector<float> bias_;
  int64_t bias_stride_ = 0;
};

double score(const Pool& pool, const Shape& shape, int64_t head, int64_t t) {
  double dot = 0;
  for (int64_t d = 0; d < shape.head_dim; ++d) dot += pool.q(head, d) * pool.key(t, d);
  dot *= static_cast<double>(pool.scale());
  if (shape.softcap > 0) dot = shape.softcap * std::tanh(dot / shape.softcap);
  return dot + pool.bias(head, t - shape.position);
}

// |q|, |k|, |v| <= 1: a score is off by at most (head_dim + 8) units of |q|.|k| * scale <=
// sqrt(head_dim), a weight by twice that relatively, the sums by a unit per key.
double bound(const Shape& shape) {
  const double unit = 0x1p-24;
  const auto dim = static_cast<double>(shape.head_dim);
  const double score_error = (dim + 8) * std::sqrt(dim) * unit;
  const auto keys = static_cast<double>(shape.last() - shape.first + 1);
  return 2 * score_error + (2 * std::min(keys, 512.0) + 20) * unit;
}

TEST(AttentionScalar, IsNearTheExactOne) {
  for (const Shape& shape : kShapes) {
    const Pool pool(Format::kF32, shape, Spread::kMild);
    const std::vector<float> out = pool.attend(Isa::kScalar);
    for (int64_t head = 0; head < shape.group; ++head) {
      std::vector<double> weights;
      double sum = 0;
      for (int64_t t = shape.first; t <= shape.last(); ++t) {
        weights.push_back(std::exp(score(pool, shape, head, t)));
        sum += weights.back();
      }
      for (int64_t d = 0; d < shape.head_dim; ++d) {
        double expected = 0;
        for (int64_t t = shape.first; t <= shape.last(); ++t) {
          expected += weights[static_cast<size_t>(t - shape.first)] / sum * pool.value(t, d);
        }
        ASSERT_NEAR(out[static_cast<size_t>(head * shape.head_dim + d)], expected, bound(shape))
            << shape;
      }
    }
  }
}

class AttentionTier : public testing::TestWithParam<Isa> {};

TEST_P(AttentionTier, HasTheBitsOfScalar) {
  SPYRE_SKIP_WITHOUT(GetParam());
  for (const Format format : {Format::kF32, Format::kF16, Format::kBF16}) {
    for (const Shape& shape : kShapes) {
      for (const Spread spread : {Spread::kMild, Spread::kExtreme}) {
        const Pool pool(format, shape, spread);
        EXPECT_TRUE(same_bits(pool.attend(Isa::kScalar), pool.attend(GetParam())))
            << name(format) << " " << shape;
      }
    }
  }
}

class AttentionTile : public testing::TestWithParam<Isa> {};

TEST_P(AttentionTile, HasTheBitsOfItsRows) {
  SPYRE_SKIP_WITHOUT(GetParam());
  Random random(11);
  for (const Shape& shape : random_tiles(GetParam() == Isa::kScalar ? 60 : 250)) {
    const auto format = std::array{Format::kF32, Format::kF16, Format::kBF16}[random.below(3)];
    Pool pool(format, shape, random.below(2) == 0 ? Spread::kMild : Spread::kExtreme);
    for (const bool spoiled : {false, true}) {
      if (spoiled) pool.spoil_edges();
      std::vector<float> rows;
      for (int64_t row = 0; row < shape.rows; ++row) {
        const std::vector<float> alone = pool.attend(GetParam(), row, 1);
        rows.insert(rows.end(), alone.begin(), alone.end());
      }
      EXPECT_TRUE(same_bits(rows, pool.attend(GetParam())))
          << name(format) << " " << shape << (spoiled ? ", edges spoiled" : "");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, AttentionTile,
                         testing::Values(Isa::kScalar, Isa::kAvx2, Isa::kAvx512),
                         [](const auto& each) { return isa_name(each.param); });

INSTANTIATE_TEST_SUITE_P(Tiers, AttentionTier, testing::ValuesIn(vector_tiers()),
                         [](const auto& each) { return isa_name(each.param); });

}  // namespace
}  // namespace spyre::kernels::test
