#include "serve/openai/vector_form.h"

#include <gtest/gtest.h>

namespace spyre::serve::openai {
namespace {

using namespace std::string_view_literals;

TEST(VectorForm, BytesOfEachType) {
  const std::vector<float> values = {1, -2};
  EXPECT_EQ(to_bytes(values, {}), "\x00\x00\x80\x3f\x00\x00\x00\xc0"sv);
  EXPECT_EQ(to_bytes(values, {.big_endian = true}), "\x3f\x80\x00\x00\xc0\x00\x00\x00"sv);
  EXPECT_EQ(to_bytes(values, {.type = NumberType::kFloat16}), "\x00\x3c\x00\xc0"sv);
  EXPECT_EQ(to_bytes(values, {.type = NumberType::kBfloat16, .big_endian = true}),
            "\x3f\x80\xc0\x00"sv);
}

TEST(VectorForm, Base64) {
  // RFC 4648, section 10.
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64("\xff\xef"sv), "/+8=");
}

TEST(VectorForm, TypesThatAreNotServedAreRefused) {
  RequestFields fields;
  EXPECT_TRUE(number_form(fields));
  fields.embed_dtype = "fp8_e4m3";
  const auto refused = number_form(fields);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().param, "embed_dtype");
}

}  // namespace
}  // namespace spyre::serve::openai
