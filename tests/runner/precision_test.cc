#include "runner/precision.h"

#include <gtest/gtest.h>

namespace spyre::runner {
namespace {

using backend::InputType;

TEST(Precision, Float32KeepsWeightsAndInputs) {
  const Precision p = Precision::resolve("float32", Format::kBF16, false).value();
  EXPECT_EQ(p.weight_format(Format::kBF16), Format::kBF16);
  EXPECT_EQ(p.input_type(Format::kBF16), InputType::kF32);
  EXPECT_EQ(p.input_type(Format::kQ4_0), InputType::kF32);
  EXPECT_EQ(p.kv, Format::kF32);
}

TEST(Precision, Bfloat16ConvertsFloatsOnly) {
  const Precision p = Precision::resolve("bfloat16", Format::kF32, false).value();
  EXPECT_EQ(p.weight_format(Format::kF32), Format::kBF16);
  EXPECT_EQ(p.weight_format(Format::kQ8_0), Format::kQ8_0);
  EXPECT_EQ(p.input_type(Format::kBF16), InputType::kBF16);
  EXPECT_EQ(p.input_type(Format::kQ8_0), InputType::kInt8);
}

TEST(Precision, AutoIsTheCheckpointsOwn) {
  EXPECT_EQ(Precision::resolve("auto", Format::kF16, false)->weight_format(Format::kF32),
            Format::kF16);
  const Precision gguf = Precision::resolve("auto", Format::kF32, true).value();
  EXPECT_EQ(gguf.input_type(gguf.weight_format(Format::kF16)), InputType::kF16);
  EXPECT_EQ(gguf.input_type(gguf.weight_format(Format::kF32)), InputType::kF32);
}

TEST(Precision, AnUnknownTypeNamesTheKnownOnes) {
  const auto p = Precision::resolve("int4", Format::kF32, false);
  ASSERT_FALSE(p);
  EXPECT_NE(p.error().message.find("bfloat16"), std::string::npos);
  EXPECT_NE(p.error().message.find("int4"), std::string::npos);
}

}  // namespace
}  // namespace spyre::runner
