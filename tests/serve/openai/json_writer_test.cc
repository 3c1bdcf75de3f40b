#include "serve/openai/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/json.h"

namespace spyre::serve::openai {
namespace {

std::string written(auto write) {
  std::string out;
  JsonWriter writer(out);
  write(writer);
  return out;
}

TEST(JsonWriter, CommasStandBetweenValues) {
  const std::string json = written([](JsonWriter& writer) {
    writer.open_object();
    writer.field("a", 1);
    writer.key("b");
    writer.open_array();
    writer.open_object();
    writer.close_object();
    writer.open_array();
    writer.close_array();
    writer.null();
    writer.raw("{\"x\":1}");
    writer.close_array();
    writer.field("c", true);
    writer.null_field("d");
    writer.field("e", "t");
    writer.close_object();
  });
  EXPECT_EQ(json, R"({"a":1,"b":[{},[],null,{"x":1}],"c":true,"d":null,"e":"t"})");
}

TEST(JsonWriter, TextsComeBackAsTheyWere) {
  std::string text = "quote \" back \\ slash / e\xCC\x81 \xF0\x9F\x98\x80 end";
  for (char c = 1; c < 0x20; ++c) text += c;
  text += std::string(1, '\0') + "\x7F";
  const std::string json = written([&](JsonWriter& writer) { writer.text(text); });
  EXPECT_EQ(Json::parse(json).get<std::string>(), text);
}

TEST(JsonWriter, NumbersComeBackAsTheyWereAndStayNumbersWithAPoint) {
  for (const double value : {0.0, -0.0, 1.0, -9999.0, 0.1, -1.5e-300, 1e22, 123456789.125,
                             std::numeric_limits<double>::max()}) {
    const std::string json = written([&](JsonWriter& writer) { writer.number(value); });
    const Json parsed = Json::parse(json);
    EXPECT_TRUE(parsed.is_number_float()) << json;
    EXPECT_EQ(parsed.get<double>(), value);
  }
  EXPECT_EQ(written([](JsonWriter& writer) { writer.number(-9999); }), "-9999.0");
  EXPECT_EQ(written([](JsonWriter& writer) { writer.integer(INT64_MIN); }), "-9223372036854775808");
}

TEST(JsonWriter, WhatLayBeforeIsLeftAlone) {
  std::string out = "data: ";
  JsonWriter writer(out);
  writer.open_object();
  writer.close_object();
  EXPECT_EQ(out, "data: {}");
}

TEST(Utf8, BadBytesAreReplaced) {
  EXPECT_EQ(to_utf8("aé\xF0\x9F\x98\x80"), "aé\xF0\x9F\x98\x80");
  const std::string bad = "\xEF\xBF\xBD";
  EXPECT_EQ(to_utf8("a\x80z"), "a" + bad + "z");
  EXPECT_EQ(to_utf8("\xC3"), bad);
  EXPECT_EQ(to_utf8("\xC0\xAF"), bad + bad);                      // overlong
  EXPECT_EQ(to_utf8("\xED\xA0\x80"), bad + bad + bad);            // a surrogate
  EXPECT_EQ(to_utf8("\xF4\x90\x80\x80"), bad + bad + bad + bad);  // above U+10FFFF
  EXPECT_EQ(to_utf8("\xE2\x82"), bad + bad);
}

TEST(Utf8, CharactersAreCountedNotBytes) {
  EXPECT_EQ(count_characters(""), 0);
  EXPECT_EQ(count_characters("aé\xF0\x9F\x98\x80"), 3);
}

TEST(Utf8, ShorteningCutsBetweenCharacters) {
  EXPECT_EQ(shortened("abc", 3), "abc");
  EXPECT_EQ(shortened("abcd", 3), "abc...");
  EXPECT_EQ(shortened("abé", 3), "ab...");
}

}  // namespace
}  // namespace spyre::serve::openai
