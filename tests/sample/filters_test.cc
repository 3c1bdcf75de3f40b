#include "sample/filters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "sample/rows.h"

namespace spyre::sample {
namespace {

std::vector<int32_t> kept(std::span<const float> row, const Filters& filters) {
  Workspace workspace = workspace_for(row);
  const Cut cut = find_cut(row, max_logit(row), filters, workspace);
  std::vector<int32_t> ids;
  for (size_t i = 0; i < row.size(); ++i) {
    if (cut.keeps(row[i], static_cast<int32_t>(i))) ids.push_back(static_cast<int32_t>(i));
  }
  return ids;
}

// The definition, by a full sort in double.
std::vector<int32_t> kept_by_definition(std::span<const float> row, const Filters& filters) {
  const auto probabilities = softmax(row, filters.temperature);
  const auto at = [&](int32_t id) { return static_cast<size_t>(id); };
  auto order = sorted_ids(row);
  const double floor = probabilities[at(order[0])] * filters.min_p;
  std::erase_if(order, [&](int32_t id) { return probabilities[at(id)] < floor * (1 - 1e-9); });
  if (filters.top_k > 0 && at(filters.top_k) < order.size()) {
    const float kth = row[at(order[at(filters.top_k) - 1])];
    std::erase_if(order, [&](int32_t id) { return row[at(id)] < kth; });
  }
  if (filters.top_p < 1) {
    double total = 0;
    for (const int32_t id : order) total += probabilities[at(id)];
    double sum = 0;
    size_t count = 0;
    while (count < order.size() && sum < filters.top_p * total) {
      sum += probabilities[at(order[count++])];
    }
    order.resize(count);
  }
  std::ranges::sort(order);
  return order;
}

TEST(Filters, EachAndAllAgreeWithTheDefinition) {
  uint64_t seed = 0;
  for (const size_t vocab : {1, 3, 50, 256, 257, 2048, 20000}) {
    for (const float temperature : {0.2f, 1.0f, 2.0f}) {
      for (const int32_t top_k : {0, 1, 7, 40, 5000}) {
        for (const float top_p : {0.01f, 0.5f, 0.9f, 0.999f, 1.0f}) {
          for (const float min_p : {0.0f, 0.02f, 1.0f}) {
            const Filters filters{
                .temperature = temperature, .top_k = top_k, .top_p = top_p, .min_p = min_p};
            const auto row = random_row(vocab, ++seed);
            ASSERT_EQ(kept(row, filters), kept_by_definition(row, filters))
                << vocab << " T=" << temperature << " k=" << top_k << " p=" << top_p
                << " min_p=" << min_p;
          }
        }
      }
    }
  }
}

// Wide nuclei are found by a bracket on the logit, which ties and steps must not confuse.
TEST(Filters, WideNuclei) {
  uint64_t seed = 0;
  for (const float deviation : {0.0f, 1e-4f, 0.3f, 2.0f}) {
    for (const float levels : {0.0f, 2.0f}) {
      for (const float top_p : {0.3f, 0.9f, 0.9999f}) {
        const auto row = random_row(6000, ++seed, deviation, levels);
        const auto wanted = kept_by_definition(row, {.top_p = top_p});
        const auto found = kept(row, {.top_p = top_p});
        // Sums in float may move the end by a token where all weigh alike.
        EXPECT_NEAR(static_cast<double>(found.size()), static_cast<double>(wanted.size()), 1)
            << deviation << " " << levels << " " << top_p;
      }
    }
  }
}

TEST(Filters, OffKeepsAll) {
  const auto row = random_row(100, 1);
  EXPECT_EQ(kept(row, {}).size(), 100u);
  EXPECT_EQ(kept(row, {.top_k = -1}).size(), 100u);
  EXPECT_EQ(kept(row, {.top_k = 100}).size(), 100u);
  EXPECT_EQ(kept(row, {.top_k = 1000}).size(), 100u);
}

TEST(Filters, TopKKeepsTiesAndTopPTheLowestIdsOfThem) {
  const std::vector<float> row = {1, 2, 2, 2, 0};
  EXPECT_EQ(kept(row, {.top_k = 2}), (std::vector<int32_t>{1, 2, 3}));
  const std::vector<float> flat(1000, 0.25f);
  const auto half = kept(flat, {.top_p = 0.5f});
  ASSERT_EQ(half.size(), 500u);
  EXPECT_EQ(half.back(), 499);
}

TEST(Filters, TopPIsTakenOfWhatTopKLeft) {
  // Probabilities 0.4, 0.3, 0.2, 0.1; after top_k 2: 0.571, 0.429.
  const std::vector<float> row = {std::log(0.4f), std::log(0.3f), std::log(0.2f), std::log(0.1f)};
  EXPECT_EQ(kept(row, {.top_p = 0.56f}).size(), 2u);
  EXPECT_EQ(kept(row, {.top_k = 2, .top_p = 0.56f}).size(), 1u);
}

TEST(Filters, SomethingAlwaysStays) {
  const auto row = random_row(1000, 3);
  for (const float temperature : {1e-5f, 1e-3f, 1.0f}) {
    EXPECT_GE(kept(row, {.temperature = temperature, .top_p = 1e-9f}).size(), 1u);
    EXPECT_EQ(kept(row, {.temperature = temperature, .min_p = 1}).size(), 1u);
  }
  std::vector<float> one(50, -std::numeric_limits<float>::infinity());
  one[17] = -1e30f;
  EXPECT_EQ(kept(one, {.top_p = 0.9f}), std::vector<int32_t>{17});
  const std::vector<float> wide = {3e38f, -3e38f, 0};
  EXPECT_EQ(kept(wide, {.top_k = 2, .top_p = 0.9f, .min_p = 0.1f}), std::vector<int32_t>{0});
}

}  // namespace
}  // namespace spyre::sample
