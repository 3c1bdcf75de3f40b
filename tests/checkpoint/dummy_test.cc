#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "checkpoint/files.h"

namespace spyre::checkpoint {
namespace {

using Shape = std::vector<int64_t>;

std::vector<float> values(const Checkpoint& checkpoint, std::string_view name, const Shape& shape) {
  const auto tensor = checkpoint.tensor(name, shape);
  EXPECT_TRUE(tensor) << message(tensor);
  return tensor ? values_of(*tensor) : std::vector<float>{};
}

TEST(Dummy, DependsOnNameAndSeedAlone) {
  const auto folder = reference("decoders/llama");
  const auto a = open_dummy(folder, 1);
  const auto b = open_dummy(folder, 1);
  const auto other_seed = open_dummy(folder, 2);
  ASSERT_TRUE(a && b && other_seed);
  EXPECT_EQ((*a)->config().architecture, "LlamaForCausalLM");
  const auto first = values(**a, "x.weight", {3, 5});
  EXPECT_EQ(first, values(**b, "x.weight", {3, 5}));
  EXPECT_NE(first, values(**a, "y.weight", {3, 5}));
  EXPECT_NE(first, values(**other_seed, "x.weight", {3, 5}));
  // The same on every machine: these are the values.
  EXPECT_EQ(sha256(first), "567b1a147a3a551da0a111b3e8caf24571329ad194ef4a95916fd5bcdb7b5015");
}

TEST(Dummy, HasAScaleThatKeepsActivationsFinite) {
  const auto checkpoint = open_dummy(reference("decoders/llama"), 0);
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  const int64_t columns = 300;
  double sum = 0;
  double squares = 0;
  for (const float value : values(**checkpoint, "x.weight", {200, columns})) {
    sum += value;
    squares += static_cast<double>(value) * value;
  }
  const double count = 200.0 * columns;
  // Standard errors: sqrt(variance / count) of the mean, and 0.9 variance / sqrt(count) of the
  // variance; five of each.
  EXPECT_NEAR(sum / count, 0.0, 5 / std::sqrt(columns * count));
  EXPECT_NEAR(squares / count, 1.0 / columns, 5 * 0.9 / columns / std::sqrt(count));
  for (const float value : values(**checkpoint, "norm.weight", {9})) EXPECT_NEAR(value, 1, 0.021);
  for (const float value : values(**checkpoint, "x.bias", {9})) EXPECT_NEAR(value, 0, 0.021);
}

TEST(Dummy, IsOnlyForTextGeneration) {
  const auto checkpoint = open_dummy(reference("encoders/bert_mean"), 0);
  EXPECT_EQ(code(checkpoint), Code::kUnsupported);
  EXPECT_THAT(message(checkpoint),
              testing::AllOf(testing::HasSubstr("bert_mean"), testing::HasSubstr("BertModel"),
                             testing::HasSubstr("only for text generation")));
}

TEST(Dummy, UsesTheConfigsTypeAndNoWeightFiles) {
  TempFolder folder;
  Json config = read_json(reference("decoders/llama/config.json"));
  config["torch_dtype"] = "bfloat16";
  folder.write("config.json", config.dump());
  const auto checkpoint = open_dummy(folder.path(), 0);
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  const auto tensor = (*checkpoint)->tensor("x.weight", Shape{2, 3});
  ASSERT_TRUE(tensor) << message(tensor);
  EXPECT_EQ(tensor->format, Format::kBF16);
  EXPECT_EQ(tensor->data.size(), 12u);
  const auto outline = (*checkpoint)->tensor_outline("x.weight", Shape{2, 3});
  ASSERT_TRUE(outline) << message(outline);
  EXPECT_EQ(outline->format, tensor->format);
  EXPECT_EQ(outline->shape, tensor->shape);
  EXPECT_TRUE(outline->data.empty());
  EXPECT_EQ((*checkpoint)->file_bytes(), 0);
  EXPECT_EQ(code(open_dummy(folder.path() / "none", 0)), Code::kNotFound);
}

}  // namespace
}  // namespace spyre::checkpoint
