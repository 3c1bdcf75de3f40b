#include "sample/random.h"

#include <gtest/gtest.h>

#include <set>

namespace spyre::sample {
namespace {

using Block = std::array<uint32_t, 4>;

// The known answers published with the paper.
TEST(Random, PhiloxKnownAnswers) {
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(philox4x32({kOnes, kOnes, kOnes, kOnes}, {kOnes, kOnes}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, UniformFillsTheUnitInterval) {
  const RandomStream stream{.seed = 5, .stream = 0};
  double sum = 0;
  int buckets[10] = {};
  constexpr int kDraws = 100'000;
  for (uint64_t i = 0; i < kDraws; ++i) {
    const double u = stream.uniform(i);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    ++buckets[static_cast<int>(u * 10)];
  }
  // Five standard deviations: of the mean 1 / sqrt(12 n), of a bucket sqrt(0.09 n).
  EXPECT_NEAR(sum / kDraws, 0.5, 5 * 0.29 / 316);
  for (const int count : buckets) EXPECT_NEAR(count, kDraws / 10, 5 * 95);
}

TEST(Random, SeedStreamAndIndexAllCount) {
  std::set<double> seen;
  for (const uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32, ~uint64_t{0}}) {
    for (const uint32_t stream : {0u, 1u, 2u}) {
      for (const uint64_t index : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 32}) {
        seen.insert(RandomStream{.seed = seed, .stream = stream}.uniform(index));
      }
    }
  }
  EXPECT_EQ(seen.size(), 4u * 3u * 3u);
}

}  // namespace
}  // namespace spyre::sample
