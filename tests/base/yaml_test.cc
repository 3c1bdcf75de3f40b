#include "base/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string json_of(std::string_view text) {
  const auto yaml = parse_yaml(text, "a.yaml");
  if (!yaml) return "error: " + yaml.error().message;
  const auto json = to_json(*yaml, "a.yaml");
  return json ? json->dump() : "error: " + json.error().message;
}

TEST(Yaml, ValuesAndLines) {
  const auto yaml = parse_yaml("a: 1\nb:\n  - x\n  - '2'\nc:\n", "a.yaml").value();
  ASSERT_TRUE(yaml.is_map());
  EXPECT_EQ(yaml.find("b")->items[1].line, 4);
  EXPECT_TRUE(yaml.find("b")->items[1].quoted);
  EXPECT_TRUE(yaml.find("c")->is_null());
  EXPECT_EQ(yaml.find("d"), nullptr);
  EXPECT_EQ(json_of("a: 1\nb: [x, '2', 1.5, true, null, ~]\n"),
            R"({"a":1,"b":["x","2",1.5,true,null,null]})");
  EXPECT_EQ(json_of(""), "null");
}

TEST(Yaml, MergedKeysGiveWay) {
  EXPECT_EQ(json_of("base: &b {x: 1, y: 2}\none:\n  <<: *b\n  y: 3\n  z: 4\n"),
            R"({"base":{"x":1,"y":2},"one":{"y":3,"z":4,"x":1}})");
  EXPECT_EQ(json_of("one: {<<: [{x: 1}, {x: 2, y: 2}]}"), R"({"one":{"x":1,"y":2}})");
  EXPECT_THAT(json_of("one:\n  <<: 3\n"), HasSubstr("a.yaml, line 2: wanted keys with values"));
}

TEST(Yaml, WhatIsNoDocument) {
  EXPECT_THAT(json_of("a: b: c"), AllOf(HasSubstr("a.yaml, line 1"), HasSubstr("not YAML")));
  EXPECT_THAT(json_of("a: 1\n---\nb: 2\n"), HasSubstr("one YAML document"));
  EXPECT_THAT(json_of("a: \x7f"), HasSubstr("0x7f"));
  EXPECT_THAT(json_of("? [a]\n: b\n"), HasSubstr("line 1: wanted text as the key"));
}

TEST(Yaml, AliasesEnd) {
  EXPECT_THAT(json_of("a: &a {b: *a}"), HasSubstr("at most"));
  // 10 values of 1 MiB each.
  const std::string large(size_t{1} << 20, 'x');
  EXPECT_THAT(json_of("a: &a " + large + "\nb: [*a,*a,*a,*a,*a,*a,*a,*a,*a]"),
              HasSubstr("bytes of text"));
}

}  // namespace
}  // namespace spyre
