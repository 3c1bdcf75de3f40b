#include "checkpoint/gguf_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint/files.h"
#include "checkpoint/gguf_metadata.h"

namespace spyre::checkpoint {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Result<GgufFile> parse(const std::string& file) { return parse_gguf(bytes_of(file), "f.gguf"); }

TEST(GgufFile, ReadsEveryKindOfValue) {
  GgufBuilder b;
  b.key("u8", 0, raw(uint8_t{200}))
      .key("i8", 1, raw(int8_t{-5}))
      .key("u16", 2, raw(uint16_t{60000}))
      .key("i16", 3, raw(int16_t{-6}))
      .u32("u32", 4000000000u)
      .key("i32", 5, raw(-7))
      .f32("f32", 0.1f)
      .key("yes", 7, raw(uint8_t{1}))
      .text("text", "grüß")
      .texts("texts", {"a", ""})
      .key("u64", 10, raw(~uint64_t{0}))
      .key("i64", 11, raw(int64_t{-8}))
      .key("f64", 12, raw(0.1))
      .key("nested", 9,
           raw(uint32_t{9}) + raw(uint64_t{1}) + raw(uint32_t{0}) + raw(uint64_t{2}) + "\x01\x02");
  const auto file = parse(b.build());
  ASSERT_TRUE(file) << message(file);
  const Json& m = file->metadata;
  EXPECT_EQ(m["u8"], 200);
  EXPECT_EQ(m["i8"], -5);
  EXPECT_EQ(m["u16"], 60000);
  EXPECT_EQ(m["i16"], -6);
  EXPECT_EQ(m["u32"], 4000000000u);
  EXPECT_EQ(m["i32"], -7);
  EXPECT_EQ(m["f32"].get<float>(), 0.1f);
  EXPECT_EQ(m["yes"], true);
  EXPECT_EQ(m["text"], "grüß");
  EXPECT_EQ(m["texts"], Json::array({"a", ""}));
  EXPECT_EQ(m["u64"], ~uint64_t{0});
  EXPECT_EQ(m["i64"], -8);
  EXPECT_EQ(m["f64"], 0.1);
  EXPECT_EQ(m["nested"], Json::parse("[[1,2]]"));
}

TEST(GgufFile, ReadsTensorsOfBothVersionsWithTheFilesAlignment) {
  for (const uint32_t version : {2u, 3u}) {
    GgufBuilder b;
    b.version = version;
    b.alignment = 64;
    b.u32("general.alignment", 64);
    b.tensor("a", {2}, 0, raw({1.0f, 2.0f})).tensor("b", {32, 2}, 8, std::string(68, 'q'));
    const std::string bytes = b.build();
    const auto file = parse(bytes);
    ASSERT_TRUE(file) << message(file);
    EXPECT_EQ(file->tensors.at("a").shape, std::vector<int64_t>{2});
    EXPECT_EQ(std::memcmp(file->tensors.at("a").data.data(), raw({1.0f, 2.0f}).data(), 8), 0);
    EXPECT_EQ(file->tensors.at("b").format, Format::kQ8_0);
    EXPECT_EQ(file->tensors.at("b").shape, (std::vector<int64_t>{2, 32}));
    EXPECT_EQ(file->tensors.at("b").data[67], std::byte{'q'});
  }
}

TEST(GgufFile, RefusesOtherFilesVersionsAndByteOrders) {
  EXPECT_THAT(message(parse("GG")), AllOf(HasSubstr("f.gguf"), HasSubstr("2 bytes")));
  EXPECT_THAT(message(parse(std::string(64, 'x'))), HasSubstr("does not begin with 'GGUF'"));
  GgufBuilder b;
  b.version = 1;
  EXPECT_THAT(message(parse(b.build())), HasSubstr("version 1: wanted 2 or 3"));
  b.version = 0x03000000;
  EXPECT_THAT(message(parse(b.build())), HasSubstr("big-endian"));
  EXPECT_EQ(code(parse(b.build())), Code::kUnsupported);
}

TEST(GgufFile, RefusesAbsurdCountsBeforeAllocating) {
  GgufBuilder keys;
  keys.extra_keys = uint64_t{1} << 60;
  EXPECT_THAT(message(parse(keys.build())), HasSubstr("wanted at most"));
  GgufBuilder tensors;
  tensors.extra_tensors = ~uint64_t{0};
  EXPECT_THAT(message(parse(tensors.build())), HasSubstr("wanted at most"));
  GgufBuilder array;
  array.key("k", 9, raw(uint32_t{8}) + raw(uint64_t{1} << 61));
  EXPECT_THAT(message(parse(array.build())),
              AllOf(HasSubstr("f.gguf"), HasSubstr("'k'"), HasSubstr("does not fit")));
  GgufBuilder text;
  text.key("k", 8, raw(~uint64_t{0}));
  EXPECT_THAT(message(parse(text.build())), HasSubstr("the file ends in key 1 of 1 ('k')"));
}

TEST(GgufFile, RefusesDamagedMetadata) {
  GgufBuilder type;
  type.key("k", 13, raw(uint64_t{0}));
  EXPECT_THAT(message(parse(type.build())), HasSubstr("value type 13"));
  GgufBuilder element;
  element.key("k", 9, raw(uint32_t{99}) + raw(uint64_t{1}) + raw(uint64_t{0}));
  EXPECT_THAT(message(parse(element.build())), HasSubstr("element type 99"));
  GgufBuilder twice;
  twice.u32("k", 1).u32("k", 2);
  EXPECT_THAT(message(parse(twice.build())), HasSubstr("'k' is there twice"));
  GgufBuilder encoding;
  encoding.text("k", "\xc3(");
  EXPECT_THAT(message(parse(encoding.build())), AllOf(HasSubstr("'k'"), HasSubstr("UTF-8")));
  GgufBuilder name;
  name.u32(std::string(2000, 'n'), 1);
  EXPECT_THAT(message(parse(name.build())), HasSubstr("found 2000 bytes"));
  GgufBuilder deep;
  std::string value;
  for (int i = 0; i < 6; ++i) value += raw(uint32_t{9}) + raw(uint64_t{1});
  deep.key("k", 9, value + raw(uint32_t{0}) + raw(uint64_t{0}));
  EXPECT_THAT(message(parse(deep.build())), HasSubstr("nested"));
  GgufBuilder missing;
  missing.u32("k", 1).extra_keys = 1;
  EXPECT_THAT(message(parse(missing.build())), HasSubstr("key 2 of 2"));
}

TEST(GgufFile, RefusesDamagedAlignment) {
  for (const uint32_t alignment : {0u, 3u, 1u << 30}) {
    GgufBuilder b;
    b.u32("general.alignment", alignment);
    EXPECT_THAT(message(parse(b.build())), HasSubstr("wanted a power of two"));
  }
  GgufBuilder b;
  b.zeros("a", {1});
  b.offset_of_next = 40;
  b.zeros("b", {1});
  EXPECT_THAT(message(parse(b.build())),
              AllOf(HasSubstr("'b'"), HasSubstr("40 is no multiple of the alignment 32")));
}

TEST(GgufFile, RefusesTensorsThatDoNotFit) {
  GgufBuilder b;
  b.tensor("t", {8, 3}, 0, std::string(64, '\0'));
  EXPECT_THAT(message(parse(b.build())),
              AllOf(HasSubstr("f.gguf"), HasSubstr("'t'"), HasSubstr("needs 96 bytes"),
                    HasSubstr("has 64 bytes")));
  GgufBuilder beyond;
  beyond.offset_of_next = uint64_t{1} << 62;
  beyond.zeros("t", {1});
  EXPECT_EQ(code(parse(beyond.build())), Code::kDataLoss);
  GgufBuilder overflow;
  overflow.tensor("t", {uint64_t{1} << 40, uint64_t{1} << 40}, 0, "");
  EXPECT_THAT(message(parse(overflow.build())), HasSubstr("overflows"));
  GgufBuilder empty;  // zero rows do not hide a dimension that is no size
  empty.tensor("t", {~uint64_t{0}, 0}, 0, "");
  EXPECT_THAT(message(parse(empty.build())), HasSubstr("overflows"));
  GgufBuilder blocks;
  blocks.tensor("t", {33}, 8, std::string(64, '\0'));
  EXPECT_THAT(message(parse(blocks.build())), HasSubstr("33 columns"));
  GgufBuilder dims;
  dims.tensor("t", {1, 1, 1, 1, 1}, 0, raw(1.0f));
  EXPECT_THAT(message(parse(dims.build())), HasSubstr("5 dimensions"));
  GgufBuilder records;
  records.zeros("t", {1}).extra_tensors = 1;
  EXPECT_FALSE(parse(records.build()));
}

TEST(GgufFile, RefusesOverlapsDuplicatesAndOtherTypes) {
  GgufBuilder overlap;
  overlap.zeros("a", {16});
  overlap.offset_of_next = 32;
  overlap.zeros("b", {8});
  EXPECT_THAT(message(parse(overlap.build())), HasSubstr("'a' and 'b' overlap"));
  GgufBuilder twice;
  twice.zeros("a", {1}).zeros("a", {1});
  EXPECT_THAT(message(parse(twice.build())), HasSubstr("'a' is listed twice"));
  GgufBuilder type;
  type.tensor("t", {256}, 11, std::string(110, '\0'));
  EXPECT_THAT(message(parse(type.build())),
              AllOf(HasSubstr("'t'"), HasSubstr("11 (Q3_K)"), HasSubstr("Q6_K")));
  EXPECT_EQ(code(parse(type.build())), Code::kUnsupported);
  GgufBuilder future;
  future.tensor("t", {256}, 1000, std::string(110, '\0'));
  EXPECT_THAT(message(parse(future.build())), HasSubstr("1000 (unknown)"));
}

TEST(GgufFile, AnyTruncationIsAnErrorAndNoCrash) {
  const std::string file = tiny_llama().texts("tokenizer.ggml.tokens", {"a", "b"}).build();
  ASSERT_TRUE(parse(file));
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_FALSE(parse(file.substr(0, length))) << length;
  }
}

TEST(GgufMetadata, Utf8FollowsTheRfc) {
  for (const char* sound :
       {"", "a", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x99\x82", "\xed\x9f\xbf"}) {
    EXPECT_TRUE(is_utf8(sound)) << sound;
  }
  for (const char* broken : {"\x80", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xe2\x82",
                             "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(is_utf8(broken));
  }
}

}  // namespace
}  // namespace spyre::checkpoint
