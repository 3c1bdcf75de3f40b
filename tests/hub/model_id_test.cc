#include "hub/model_id.h"

#include <gmock/gmock.h>

namespace spyre::hub {
namespace {

using testing::HasSubstr;

TEST(ModelId, ReadsEveryForm) {
  const ModelId plain = *parse_model_id("Qwen/Qwen2.5-0.5B", "");
  EXPECT_EQ(plain.repo, "Qwen/Qwen2.5-0.5B");
  EXPECT_EQ(plain.revision, "main");
  EXPECT_EQ(plain.gguf, "");
  EXPECT_EQ(parse_model_id("org/name@refs/pr/1", "")->revision, "refs/pr/1");
  EXPECT_EQ(parse_model_id("org/name", "v2")->revision, "v2");
  EXPECT_EQ(parse_model_id("org/name@v2", "v2")->revision, "v2");
  const ModelId full = *parse_model_id("org/name@v1:sub/file-Q4_0.gguf", "");
  EXPECT_EQ(full.revision, "v1");
  EXPECT_EQ(full.gguf, "sub/file-Q4_0.gguf");
  EXPECT_EQ(full.text(), "org/name@v1:sub/file-Q4_0.gguf");
  EXPECT_EQ(plain.text(), "Qwen/Qwen2.5-0.5B");
}

TEST(ModelId, RefusesWhatIsNone) {
  for (const char* text : {"",          "name",          "/name",
                           "org/",      "org/name/x",    "./folder",
                           "../x",      "org/..",        "org/.",
                           "/a/b",      "org/a--b",      "org/na me",
                           "org/name@", "org/name@../x", "org/name@a b",
                           "org/name:", "org/name:../x", "org/name:/etc/passwd",
                           "-org/name", "org/name.",     "a\n/b",
                           "org/\xff"}) {
    const auto id = parse_model_id(text, "");
    ASSERT_FALSE(id) << text;
    EXPECT_EQ(id.error().code, Code::kInvalidArgument);
    EXPECT_THAT(id.error().message, HasSubstr("org/name@revision"));
  }
}

TEST(ModelId, TwoRevisionsMustAgree) {
  EXPECT_THAT(parse_model_id("org/name@v1", "v2").error().message, HasSubstr("'v2'"));
  EXPECT_FALSE(parse_model_id("org/name", "../v2"));
}

TEST(SafePath, StaysBelowItsFolder) {
  for (const char* path : {"a", "a/b.c", "..a", "a..b/c", ".hidden", "a b"}) {
    EXPECT_TRUE(is_safe_path(path)) << path;
  }
  for (const char* path :
       {"", ".", "..", "/a", "a/", "a//b", "a/./b", "a/..", "../a", "a\\b", "a\tb"}) {
    EXPECT_FALSE(is_safe_path(path)) << path;
  }
  EXPECT_FALSE(is_safe_path(std::string(2000, 'a')));
  EXPECT_FALSE(is_safe_path(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace spyre::hub
