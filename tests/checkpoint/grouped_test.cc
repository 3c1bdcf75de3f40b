#include "checkpoint/grouped.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class GroupedReference : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Files, GroupedReference,
                         testing::Values("gptq", "gptq_desc_act", "gptq_8bit_asym", "awq"),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(GroupedReference, DequantisesToTheSameBits) {
  const auto folder = reference("quantised") / GetParam();
  const Json expected = read_json(folder / "expected.json")["dequantised"];
  const auto checkpoint = Checkpoint::open(folder);
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  ASSERT_GT(expected.size(), 10u);
  for (const auto& [name, wanted] : expected.items()) {
    EXPECT_TRUE((*checkpoint)->has_tensor(name));
    const auto tensor = (*checkpoint)->tensor(name, wanted["shape"].get<std::vector<int64_t>>());
    ASSERT_TRUE(tensor) << message(tensor);
    EXPECT_TRUE(is_grouped(tensor->format));
    EXPECT_EQ(sha256(values_of(*tensor)), wanted["sha256_f32"].get<std::string>()) << name;
  }
  // What is not quantised lies beside it.
  const ModelConfig& c = (*checkpoint)->config();
  const auto head =
      (*checkpoint)->tensor("lm_head.weight", std::vector{c.vocab_size, c.hidden_size});
  ASSERT_TRUE(head) << message(head);
  EXPECT_EQ(head->format, Format::kF16);
}

TEST_P(GroupedReference, GivesManyRowsAsItGivesOne) {
  const auto checkpoint = Checkpoint::open(reference("quantised") / GetParam());
  ASSERT_TRUE(checkpoint) << message(checkpoint);
  const auto tensor =
      (*checkpoint)->tensor("model.layers.0.mlp.up_proj.weight", std::vector<int64_t>{96, 64});
  ASSERT_TRUE(tensor) << message(tensor);
  const GroupedSource& source = *tensor->grouped;
  EXPECT_EQ(source.group_columns(), 32);
  EXPECT_EQ(source.column_order().empty(), std::string_view(GetParam()) != "gptq_desc_act");
  const size_t columns = 64;
  const size_t groups = 2;
  std::vector<uint8_t> levels(5 * columns), level(columns);
  std::vector<uint16_t> scales(5 * groups), scale(groups);
  std::vector<int16_t> zeros(5 * groups), zero(groups);
  source.read_rows(7, 5, levels, scales, zeros);
  for (size_t i = 0; i < 5; ++i) {
    source.read_rows(static_cast<int64_t>(7 + i), 1, level, scale, zero);
    EXPECT_TRUE(std::equal(level.begin(), level.end(), levels.begin() + i * columns));
    EXPECT_TRUE(std::equal(scale.begin(), scale.end(), scales.begin() + i * groups));
    EXPECT_TRUE(std::equal(zero.begin(), zero.end(), zeros.begin() + i * groups));
  }
}

// --- a layer of eight rows and eight columns in two groups of four -------------------------------

struct Layer {
  std::string qweight_shape = "[1,8]";
  std::string qzeros_shape = "[2,1]";
  std::string scales_type = "F16";
  std::string g_idx = raw<int32_t>({0, 0, 0, 0, 1, 1, 1, 1});
  bool has_scales = true;

  std::string file() const {
    // Levels are the column, stored zeros the row's, scales one.
    std::string data;
    for (int row = 0; row < 8; ++row) data += raw(uint32_t{0x76543210});
    for (int group = 0; group < 2; ++group) data += raw(uint32_t{0x76543210});
    for (int i = 0; i < 16; ++i) data += raw(uint16_t{0x3c00});
    const std::string scales =
        fmt::format(R"("p.{}":{{"dtype":"{}","shape":[2,8],"data_offsets":[40,72]}},)",
                    has_scales ? "scales" : "other", scales_type);
    return safetensors(
        fmt::format(R"({{"p.qweight":{{"dtype":"I32","shape":{},"data_offsets":[0,32]}},
                         "p.qzeros":{{"dtype":"I32","shape":{},"data_offsets":[32,40]}},{}
                         "p.g_idx":{{"dtype":"I32","shape":[8],"data_offsets":[72,104]}}}})",
                    qweight_shape, qzeros_shape, scales),
        data + g_idx);
  }
};

// Keeps the bytes that the source borrows.
struct Opened {
  std::string bytes;
  SafetensorsIndex index;
  Result<std::shared_ptr<const GroupedSource>> source = error(Code::kInternal, "not opened");

  explicit Opened(const Layer& layer, QuantizationConfig config = {.group_columns = 4})
      : bytes(layer.file()) {
    auto parsed = parse_safetensors(bytes_of(bytes), "f");
    EXPECT_TRUE(parsed) << message(parsed);
    index = std::move(*parsed);
    source = open_grouped(index, "p", config);
  }
};

TEST(Grouped, KnowsBothFormsOfZeros) {
  for (const bool minus_one : {true, false}) {
    const Opened opened(Layer{}, {.group_columns = 4, .zero_minus_one = minus_one});
    ASSERT_TRUE(opened.source) << message(opened.source);
    std::vector<uint8_t> levels(8);
    std::vector<uint16_t> scales(2);
    std::vector<int16_t> zeros(2);
    (*opened.source)->read_rows(3, 1, levels, scales, zeros);
    EXPECT_THAT(levels, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
    EXPECT_THAT(zeros, ElementsAre(minus_one ? 4 : 3, minus_one ? 4 : 3));
  }
}

TEST(Grouped, OrdersColumnsByGroup) {
  const Opened opened(Layer{.g_idx = raw<int32_t>({1, 0, 1, 0, 0, 1, 0, 1})});
  ASSERT_TRUE(opened.source) << message(opened.source);
  EXPECT_THAT((*opened.source)->column_order(), ElementsAre(1, 3, 4, 6, 0, 2, 5, 7));
  std::vector<uint8_t> levels(8);
  std::vector<uint16_t> scales(2);
  std::vector<int16_t> zeros(2);
  (*opened.source)->read_rows(0, 1, levels, scales, zeros);
  EXPECT_THAT(levels, ElementsAre(1, 3, 4, 6, 0, 2, 5, 7));
}

TEST(Grouped, RefusesPartsThatDoNotFit) {
  const auto problem = [](const Layer& layer) { return message(Opened(layer).source); };
  EXPECT_THAT(problem({.qweight_shape = "[8]"}),
              AllOf(HasSubstr("'p.qweight'"), HasSubstr("two dimensions")));
  EXPECT_THAT(problem({.qweight_shape = "[2,4]"}), HasSubstr("does not divide"));
  EXPECT_THAT(
      problem({.qzeros_shape = "[1,2]"}),
      AllOf(HasSubstr("'p.qzeros'"), HasSubstr("wanted shape [2, 1]"), HasSubstr("[1, 2]")));
  EXPECT_THAT(problem({.scales_type = "BF16"}),
              AllOf(HasSubstr("'p.scales'"), HasSubstr("wanted F16, found BF16")));
  EXPECT_THAT(problem({.has_scales = false}), HasSubstr("'p.scales' is missing"));
  EXPECT_THAT(problem({.g_idx = raw<int32_t>({0, 0, 0, 0, 1, 1, 1, 9})}),
              AllOf(HasSubstr("'p.g_idx'"), HasSubstr("group 9 of 2")));
  EXPECT_THAT(problem({.g_idx = raw<int32_t>({0, 0, 0, 0, 0, 1, 1, 1})}),
              HasSubstr("differ in size"));
  EXPECT_THAT(message(Opened(Layer{}, {.group_columns = 3}).source), HasSubstr("groups of 3"));
}

TEST(QuantizationConfig, ReadsTheSpellings) {
  const auto read = [](const char* text) {
    return read_quantization_config(Json::parse(text), "config.json");
  };
  const auto awq = read(R"({"zero_point":true,"q_group_size":128,"w_bit":4,"version":"GEMM"})");
  ASSERT_TRUE(awq) << message(awq);
  EXPECT_EQ(awq->method, QuantizationConfig::Method::kAwq);
  EXPECT_EQ(awq->group_columns, 128);
  const auto v2 =
      read(R"({"quant_method":"gptq","bits":8,"group_size":-1,"checkpoint_format":"gptq_v2"})");
  ASSERT_TRUE(v2) << message(v2);
  EXPECT_EQ(v2->bits, 8);
  EXPECT_EQ(v2->group_columns, -1);
  EXPECT_FALSE(v2->zero_minus_one);

  const auto other = read(R"({"quant_method":"fp8"})");
  EXPECT_EQ(code(other), Code::kUnsupported);
  EXPECT_THAT(message(other), AllOf(HasSubstr("'fp8'"), HasSubstr("gptq"), HasSubstr("awq")));
  EXPECT_THAT(message(read(R"({"quant_method":"gptq","bits":3})")), HasSubstr("3 bits"));
  EXPECT_THAT(message(read(R"({"quant_method":"awq","version":"gemv"})")), HasSubstr("gemv"));
  EXPECT_FALSE(read(R"({"group_size":0})"));
  EXPECT_FALSE(read("[]"));
}

}  // namespace
}  // namespace spyre::checkpoint
