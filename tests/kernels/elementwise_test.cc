#include <functional>

#include "base/half.h"
#include "kernels/samples.h"

namespace spyre::kernels::test {
namespace {

using Unary = void (*)(const float*, float*, int64_t);

struct NamedUnary {
  const char* name;
  Unary KernelTable::* kernel;
};
const std::vector<NamedUnary> kUnary = {
#define SPYRE_UNARY(name) {#name, &KernelTable::name},
#include "kernels/kernel_list.inc"
};

using Binary = void (*)(const float*, const float*, float*, int64_t);

struct NamedBinary {
  const char* name;
  Binary KernelTable::* kernel;
};
const std::vector<NamedBinary> kBinary = {
#define SPYRE_BINARY(name) {#name, &KernelTable::name},
#include "kernels/kernel_list.inc"
};

// Any bits, and what usually goes wrong.
std::vector<float> hard_floats(Random& random, size_t count) {
  using Limits = std::numeric_limits<float>;
  const std::vector<float> special = {0.0f,
                                      -0.0f,
                                      Limits::infinity(),
                                      -Limits::infinity(),
                                      Limits::quiet_NaN(),
                                      Limits::denorm_min(),
                                      Limits::max(),
                                      Limits::lowest(),
                                      88.8f,
                                      -87.5f,
                                      -103.5f,
                                      65519.9f,
                                      65520.0f,
                                      0.625f,
                                      0.92f,
                                      4.0f};
  std::vector<float> out(count);
  for (size_t i = 0; i < count; ++i) {
    const auto any = std::bit_cast<float>(static_cast<uint32_t>(random.bits()));
    const auto pick = random.below(4);
    out[i] = pick == 0   ? special[static_cast<size_t>(random.below(16))]
             : pick == 1 ? any
                         : random.uniform(-8.0f, 8.0f);
  }
  return out;
}

std::vector<float> applied(Unary kernel, const std::vector<float>& x) {
  std::vector<float> out(x.size());
  kernel(x.data(), out.data(), static_cast<int64_t>(x.size()));
  return out;
}

// The largest error over [low, high], in units of the last place of the exact value, at least
// `smallest`.
double worst_ulp(Unary kernel, const std::function<double(double)>& exact, float low, float high,
                 double smallest) {
  std::vector<float> x;
  for (int i = 0; i <= 20000; ++i) x.push_back(low + (high - low) * static_cast<float>(i) / 20000);
  const std::vector<float> out = applied(kernel, x);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double expected = exact(x[i]);
    const double step = std::ldexp(1.0, std::ilogb(std::fmax(std::fabs(expected), smallest)) - 23);
    worst = std::fmax(worst, std::fabs(out[i] - expected) / step);
  }
  return worst;
}

TEST(ElementwiseScalar, IsNearTheExactFunctions) {
  const KernelTable& table = kernel_table(Isa::kScalar);
  EXPECT_LE(worst_ulp(table.tanh, [](double x) { return std::tanh(x); }, -12, 12, 1e-30), 3);
  const auto silu = [](double x) { return x / (1 + std::exp(-x)); };
  EXPECT_LE(worst_ulp(table.silu, silu, -80, 80, 1e-30), 4);
  // 1 + erf and 1 + tanh cancel for negative x: what is left is a unit of 1, times x.
  const auto gelu = [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); };
  EXPECT_LE(worst_ulp(table.gelu, gelu, 0, 10, 1e-30), 4);
  EXPECT_LE(worst_ulp(table.gelu, gelu, -10, 0, 4), 4);
  const auto gelu_tanh = [](double x) {
    return x / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
  };
  EXPECT_LE(worst_ulp(table.gelu_tanh, gelu_tanh, 0, 10, 1e-30), 4);
  EXPECT_LE(worst_ulp(table.gelu_tanh, gelu_tanh, -10, 0, 4), 4);
}

TEST(ElementwiseScalar, ReluKeepsANaN) {
  const std::vector<float> out = applied(kernel_table(Isa::kScalar).relu,
                                         {-1.0f, 2.0f, std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(out[0], 0.0f);
  EXPECT_EQ(out[1], 2.0f);
  EXPECT_TRUE(std::isnan(out[2]));
}

TEST(ElementwiseScalar, RoundsAsTheConversionsDo) {
  Random random(1);
  const std::vector<float> x = hard_floats(random, 10000);
  const std::vector<float> bf16 = applied(kernel_table(Isa::kScalar).round_bf16, x);
  const std::vector<float> f16 = applied(kernel_table(Isa::kScalar).round_f16, x);
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_TRUE(same_bits({bf16[i]}, {bf16_to_f32(f32_to_bf16(x[i]))})) << x[i];
    const float limited = x[i] > 65504.0f ? 65504.0f : x[i] < -65504.0f ? -65504.0f : x[i];
    EXPECT_TRUE(same_bits({f16[i]}, {f16_to_f32(f32_to_f16(limited))})) << x[i];
  }
}

TEST(ElementwiseScalar, RopeRotates) {
  std::vector<float> head = {1, 2, 3, 4, 5, 6, 7};  // 6 rotate, 1 stays
  const std::vector<float> c = {0, 1, 0.6f};
  const std::vector<float> s = {1, 0, 0.8f};
  kernel_table(Isa::kScalar).rope(head.data(), c.data(), s.data(), 6);
  EXPECT_THAT(head, testing::Pointwise(testing::FloatNear(1e-6f),
                                       {-4.0f, 2.0f, -3.0f, 1.0f, 5.0f, 6.0f, 7.0f}));
}

TEST(ElementwiseScalar, NormsAreNearTheExactOnes) {
  Random random(2);
  for (const size_t n : {1u, 17u, 576u}) {
    const std::vector<float> x = random_floats(random, n, Spread::kMild);
    const std::vector<float> w = random_floats(random, n, Spread::kMild);
    const std::vector<float> b = random_floats(random, n, Spread::kMild);
    std::vector<float> rms(n);
    std::vector<float> layer(n);
    const auto count = static_cast<int64_t>(n);
    const KernelTable& table = kernel_table(Isa::kScalar);
    table.rms_norm(x.data(), w.data(), rms.data(), count, 1e-5f, 1.0f);
    table.layer_norm(x.data(), w.data(), b.data(), layer.data(), count, 1e-5f);
    double squares = 0;
    double mean = 0;
    for (const float each : x) squares += static_cast<double>(each) * each;
    for (const float each : x) mean += static_cast<double>(each) / static_cast<double>(n);
    double variance = 0;
    for (const float each : x) variance += (each - mean) * (each - mean) / static_cast<double>(n);
    // Sixteen chains of n / 16 roundings and a handful after them.
    const double units = (static_cast<double>(n) / 16 + 16) * 0x1p-24;
    for (size_t i = 0; i < n; ++i) {
      const double root = std::sqrt(squares / static_cast<double>(n) + 1e-5);
      EXPECT_NEAR(rms[i], x[i] / root * (w[i] + 1.0), units * std::fabs(x[i] / root) * 2);
      const double deviation = std::sqrt(variance + 1e-5);
      const double expected = (x[i] - mean) / deviation * w[i] + b[i];
      EXPECT_NEAR(layer[i], expected, units * (1 + 1 / deviation) * 2);
    }
  }
}

TEST(ElementwiseScalar, SoftmaxIsNearTheExactOne) {
  Random random(3);
  std::vector<float> x = random_floats(random, 1000, Spread::kMild);
  for (float& each : x) each *= 20;
  std::vector<float> out(x.size());
  kernel_table(Isa::kScalar).softmax(x.data(), out.data(), 1000);
  double sum = 0;
  for (const float each : x) sum += std::exp(static_cast<double>(each));
  for (size_t i = 0; i < x.size(); ++i) {
    const double expected = std::exp(static_cast<double>(x[i])) / sum;
    // x - max rounds at 40, exp within 1.5 units, the sum 1000 / 16 + 4 of them.
    EXPECT_NEAR(out[i], expected, expected * 0x1p-24 * (40 + 3 + 70));
  }
}

TEST(ElementwiseScalar, SoftmaxOfMaskedValues) {
  const float masked = -std::numeric_limits<float>::infinity();
  const std::vector<float> x = {1.0f, masked, 1.0f, masked, -200.0f};
  std::vector<float> out(x.size());
  kernel_table(Isa::kScalar).softmax(x.data(), out.data(), 5);
  EXPECT_THAT(out, testing::ElementsAre(0.5f, 0.0f, 0.5f, 0.0f, 0.0f));
}

class ElementwiseTier : public testing::TestWithParam<Isa> {
 protected:
  // Runs `kernel` of both tiers on hard values of many lengths.
  template <typename Kernel>
  void expect_same(const char* what, Kernel kernel) {
    Random random(4);
    for (int64_t n = 1; n < 70; ++n) {
      const auto count = static_cast<size_t>(n);
      const std::vector<float> x =
          n % 2 == 0 ? hard_floats(random, count) : random_floats(random, count, Spread::kExtreme);
      const std::vector<float> y =
          n % 3 == 0 ? hard_floats(random, count) : random_floats(random, count, Spread::kMild);
      std::vector<float> expected(count + 1, 7.0f);
      std::vector<float> found(count + 1, 7.0f);
      kernel(kernel_table(Isa::kScalar), x, y, expected.data(), n);
      kernel(kernel_table(GetParam()), x, y, found.data(), n);
      ASSERT_TRUE(same_bits(expected, found)) << what << " of " << n;
      ASSERT_EQ(found.back(), 7.0f) << what << " wrote past " << n;
    }
  }
};

using Values = const std::vector<float>&;

TEST_P(ElementwiseTier, UnaryAndBinaryHaveTheBitsOfScalar) {
  SPYRE_SKIP_WITHOUT(GetParam());
  for (const auto& [what, kernel] : kUnary) {
    const auto member = kernel;
    expect_same(what, [member](const KernelTable& t, Values x, Values, float* out, int64_t n) {
      (t.*member)(x.data(), out, n);
    });
  }
  for (const auto& [what, kernel] : kBinary) {
    const auto member = kernel;
    expect_same(what, [member](const KernelTable& t, Values x, Values y, float* out, int64_t n) {
      (t.*member)(x.data(), y.data(), out, n);
    });
  }
}

TEST_P(ElementwiseTier, RowKernelsHaveTheBitsOfScalar) {
  SPYRE_SKIP_WITHOUT(GetParam());
  expect_same("scale", [](const KernelTable& t, Values x, Values, float* out, int64_t n) {
    t.scale(x.data(), 0.3f, out, n);
  });
  expect_same("softmax", [](const KernelTable& t, Values x, Values, float* out, int64_t n) {
    t.softmax(x.data(), out, n);
  });
  expect_same("softmax", [](const KernelTable& t, Values, Values y, float* out, int64_t n) {
    t.softmax(y.data(), out, n);
  });
  expect_same("rms_norm", [](const KernelTable& t, Values x, Values y, float* out, int64_t n) {
    t.rms_norm(x.data(), y.data(), out, n, 1e-6f, 1.0f);
  });
  expect_same("rms_norm", [](const KernelTable& t, Values x, Values y, float* out, int64_t n) {
    t.rms_norm(y.data(), x.data(), out, n, 1e-6f, 0.0f);
  });
  expect_same("layer_norm", [](const KernelTable& t, Values x, Values y, float* out, int64_t n) {
    t.layer_norm(y.data(), x.data(), nullptr, out, n, 1e-5f);
  });
  expect_same("layer_norm", [](const KernelTable& t, Values x, Values y, float* out, int64_t n) {
    t.layer_norm(x.data(), y.data(), y.data(), out, n, 1e-5f);
  });
  expect_same("rope", [](const KernelTable& t, Values x, Values y, float* out, int64_t n) {
    std::memcpy(out, x.data(), static_cast<size_t>(n) * sizeof(float));
    t.rope(out, y.data(), y.data(), n / 2 * 2);
  });
}

// In place is allowed: the same vector as input and output.
TEST_P(ElementwiseTier, WorksInPlace) {
  SPYRE_SKIP_WITHOUT(GetParam());
  const KernelTable& table = kernel_table(GetParam());
  Random random(5);
  for (const auto& [what, kernel] : kUnary) {
    std::vector<float> x = hard_floats(random, 37);
    const std::vector<float> apart = applied(table.*kernel, x);
    (table.*kernel)(x.data(), x.data(), 37);
    EXPECT_TRUE(same_bits(apart, x)) << what;
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, ElementwiseTier, testing::ValuesIn(vector_tiers()),
                         [](const auto& each) { return isa_name(each.param); });

}  // namespace
}  // namespace spyre::kernels::test
