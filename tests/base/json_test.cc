#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace spyre {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string repeated(std::string_view text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

std::string refused(std::string_view text) {
  const auto json = parse_json(text, "request");
  if (json) return "accepted";
  EXPECT_EQ(json.error().code, Code::kInvalidArgument);
  EXPECT_THAT(json.error().message, StartsWith("request: "));
  return json.error().message;
}

TEST(Json, KeepsTheOrderOfKeys) {
  const auto json = parse_json(R"({"z": 1, "a": [true, null, "\u00e9"], "m": -1.5e3})", "test");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->dump(), "{\"z\":1,\"a\":[true,null,\"\xc3\xa9\"],\"m\":-1500.0}");
}

TEST(Json, TwoHundredLevelsAndNotOneMore) {
  const auto arrays = [](int levels, std::string_view inside) {
    return repeated("[", levels) + std::string(inside) + repeated("]", levels);
  };
  EXPECT_TRUE(parse_json(arrays(200, ""), "test"));
  EXPECT_TRUE(parse_json(arrays(200, "1"), "test"));
  EXPECT_THAT(refused(arrays(201, "")), HasSubstr("at most 200 levels, found 201"));
  EXPECT_THAT(refused(arrays(201, "1")), HasSubstr("at most 200 levels, found 201"));
  const auto objects = [](int levels) {
    return repeated(R"({"k":)", levels) + "1" + repeated("}", levels);
  };
  EXPECT_TRUE(parse_json(objects(200), "test"));
  EXPECT_THAT(refused(objects(201)), HasSubstr("found 201"));
  EXPECT_THAT(refused(repeated("[", 1'000'000)), HasSubstr("found 1000000"));
}

TEST(Json, BracketsInStringsAreNoLevels) {
  EXPECT_TRUE(parse_json("[\"" + repeated("[{", 500) + "\"]", "test"));
  EXPECT_TRUE(parse_json(R"(["\"[[", "\\", "]"])", "test"));
}

TEST(Json, RefusesWhatIsNoJson) {
  for (const std::string_view text :
       {"", " ", "{", "[1,]", "{\"a\":}", "{a:1}", "nul", "01", "1 2", "'a'", "\"", "\"\n\"", "NaN",
        "// c\n1", "1e999", "\"\\ud800\"", "]", "\x80"}) {
    EXPECT_THAT(refused(text), HasSubstr("not valid JSON")) << text;
  }
}

TEST(Json, MessagesNameTheLine) {
  EXPECT_THAT(refused("{\n  \"a\": 1,\n  oops\n}"), HasSubstr("line 3"));
}

TEST(Json, MessagesArePrintableAndShort) {
  for (const std::string& text : {std::string("\"\xff\xfe\""), std::string("[\"a\x01\"]"),
                                  "\"" + std::string(1'000'000, 'x') + "\n"}) {
    const std::string message = refused(text);
    EXPECT_LT(message.size(), 2000u);
    EXPECT_TRUE(std::ranges::all_of(message, [](char c) { return c >= 0x20 && c < 0x7f; }));
  }
}

}  // namespace
}  // namespace spyre
