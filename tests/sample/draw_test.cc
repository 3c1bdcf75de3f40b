#include "sample/draw.h"

#include <gtest/gtest.h>

#include <limits>

#include "sample/rows.h"

namespace spyre::sample {
namespace {

constexpr double kLargestUniform = 1.0 - 0x1p-53;

TEST(Draw, InvertsTheDistribution) {
  for (const size_t vocab : {1, 5, 256, 257, 5000}) {
    const auto row = random_row(vocab, vocab, 1);
    const auto probabilities = softmax(row, 0.7);
    const Weighting weighting{.max = max_logit(row), .inverse_temperature = 1 / 0.7f};
    Workspace workspace = workspace_for(row);
    double before = 0;
    for (size_t i = 0; i < vocab; ++i) {
      // Just inside both ends of the token's interval.
      const double inset = probabilities[i] * 0.01 + 1e-7;
      if (probabilities[i] > 3 * inset) {
        const double low = before + inset;
        const double high = before + probabilities[i] - inset;
        ASSERT_EQ(draw(row, weighting, low, workspace.block_weights()), static_cast<int32_t>(i));
        ASSERT_EQ(draw(row, weighting, high, workspace.block_weights()), static_cast<int32_t>(i));
      }
      before += probabilities[i];
    }
  }
}

TEST(Draw, NeverATokenWithoutWeight) {
  const float none = -std::numeric_limits<float>::infinity();
  std::vector<float> row(1000, none);
  Workspace workspace = workspace_for(row);
  for (const size_t only : {0, 255, 256, 600, 999}) {
    std::ranges::fill(row, none);
    row[only] = -3;
    for (const double uniform : {0.0, 0.5, kLargestUniform}) {
      EXPECT_EQ(draw(row, {.max = -3}, uniform, workspace.block_weights()),
                static_cast<int32_t>(only));
    }
  }
}

TEST(Draw, EndsOfTheIntervalAreTheFirstAndTheLastTokenThatStay) {
  std::vector<float> row(700, 0.0f);
  row[0] = row[699] = -1;
  Workspace workspace = workspace_for(row);
  const Weighting weighting{.max = 0, .cut = {.logit = 0, .last_id = 650}};
  EXPECT_EQ(draw(row, weighting, 0, workspace.block_weights()), 1);
  EXPECT_EQ(draw(row, weighting, kLargestUniform, workspace.block_weights()), 650);
}

}  // namespace
}  // namespace spyre::sample
