#include "checkpoint/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Result<SafetensorsIndex> parse(std::string_view header, std::string_view data = "") {
  return parse_safetensors(bytes_of(safetensors(header, data)), "f.safetensors");
}

TEST(Safetensors, ReadsTypesShapesAndData) {
  const std::string file = safetensors(
      R"({"__metadata__":{"format":"pt"},
          "a":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},
          "b":{"dtype":"BF16","shape":[],"data_offsets":[8,10]},
          "c":{"dtype":"F16","shape":[0,3],"data_offsets":[10,10]}})",
      raw({1.0f, 2.0f}) + "xy");
  const auto index = parse_safetensors(bytes_of(file), "f.safetensors");
  ASSERT_TRUE(index) << message(index);
  ASSERT_EQ(index->size(), 3u);
  const SafetensorsEntry& a = index->at("a");
  EXPECT_EQ(a.type, SafetensorsType::kF32);
  EXPECT_EQ(a.shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(a.data.size(), 8u);
  EXPECT_EQ(index->at("b").data[0], std::byte{'x'});
  EXPECT_TRUE(index->at("c").data.empty());
}

TEST(Safetensors, RefusesHeadersThatDoNotFit) {
  const auto tiny = parse_safetensors(bytes_of("abc"), "f.safetensors");
  EXPECT_THAT(message(tiny), AllOf(HasSubstr("f.safetensors"), HasSubstr("3 bytes")));

  const std::string lying = raw(uint64_t{1000}) + "{}";
  EXPECT_THAT(message(parse_safetensors(bytes_of(lying), "f.safetensors")),
              AllOf(HasSubstr("1000 bytes"), HasSubstr("the file has 2")));

  const std::string huge = raw(~uint64_t{0}) + "{}";
  const auto result = parse_safetensors(bytes_of(huge), "f.safetensors");
  EXPECT_EQ(code(result), Code::kDataLoss);
}

TEST(Safetensors, RefusesHeadersThatAreNoObjects) {
  EXPECT_THAT(message(parse("[1,2]")), HasSubstr("no JSON object"));
  EXPECT_THAT(message(parse("{\"a\":")), HasSubstr("no JSON object"));
  EXPECT_THAT(message(parse("{\"a\":1}")), AllOf(HasSubstr("'a'"), HasSubstr("dtype")));
  EXPECT_THAT(message(parse(std::string(100000, '['))), HasSubstr("no JSON object"));
}

TEST(Safetensors, RefusesRangesOutsideTheFile) {
  const auto result = parse(R"({"t":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", "1234");
  EXPECT_THAT(message(result), AllOf(HasSubstr("f.safetensors"), HasSubstr("'t'"),
                                     HasSubstr("[0, 8]"), HasSubstr("4 bytes")));
  EXPECT_EQ(code(result), Code::kDataLoss);
  EXPECT_FALSE(parse(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[2,1]}})", "1234"));
  EXPECT_FALSE(parse(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[1]}})", "1234"));
  EXPECT_FALSE(parse(R"({"t":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}})", "1234"));
  EXPECT_FALSE(parse(R"({"t":{"dtype":"U8","shape":[1]}})", "1234"));
}

TEST(Safetensors, RefusesShapesThatDoNotFitTheRange) {
  const auto result = parse(R"({"t":{"dtype":"F16","shape":[3],"data_offsets":[0,4]}})", "1234");
  EXPECT_THAT(message(result),
              AllOf(HasSubstr("'t'"), HasSubstr("needs 6 bytes"), HasSubstr("give 4")));
  EXPECT_THAT(
      message(
          parse(R"({"t":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,0]}})")),
      HasSubstr("overflows"));
  EXPECT_THAT(message(parse(
                  R"({"t":{"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,0]}})")),
              HasSubstr("shape"));
  EXPECT_FALSE(
      parse(R"({"t":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]}})", "1"));
}

TEST(Safetensors, RefusesOverlapsDuplicatesAndUnknownTypes) {
  EXPECT_THAT(message(parse(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},
                                "b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
                            "1234")),
              HasSubstr("'a' and 'b' overlap"));
  EXPECT_THAT(message(parse(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},
                                "a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                            "1234")),
              HasSubstr("'a' is listed twice"));
  const auto unknown = parse(R"({"a":{"dtype":"Q3","shape":[1],"data_offsets":[0,1]}})", "1");
  EXPECT_EQ(code(unknown), Code::kUnsupported);
  EXPECT_THAT(message(unknown), HasSubstr("'Q3'"));
}

}  // namespace
}  // namespace spyre::checkpoint
