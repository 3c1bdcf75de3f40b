#include "cache/entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cache/samples.h"

namespace spyre::cache {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Bytes = std::vector<std::byte>;

Bytes sample_bytes() { return encode(sample_entry(sample_fields())).value(); }

std::string problem(std::span<const std::byte> bytes) {
  const auto view = parse_entry(bytes);
  return view ? "" : view.error().message;
}

// prelude, header and payload of any lengths, with the right checksum where `whole`.
Bytes prelude_of(uint32_t version, uint32_t header_bytes, uint64_t payload_bytes) {
  Bytes bytes = sample_bytes();
  bytes.resize(kPreludeBytes);
  std::memcpy(&bytes[8], &version, 4);
  std::memcpy(&bytes[12], &header_bytes, 4);
  std::memcpy(&bytes[16], &payload_bytes, 8);
  return bytes;
}

TEST(Entry, RoundTrip) {
  const Entry entry{.fields = sample_fields(),
                    .about = {{"model", "caf\xc3\xa9"}, {"seconds", 1.25}},
                    .payload = Bytes(1000, std::byte{7})};
  const Bytes bytes = encode(entry).value();
  const auto view = parse_entry(bytes);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->header.fields, entry.fields);
  EXPECT_EQ(view->header.about, entry.about);
  EXPECT_TRUE(std::ranges::equal(view->payload, entry.payload));
}

TEST(Entry, NoPayloadAndNothingAboutIt) {
  Entry entry = sample_entry(sample_fields(), "");
  entry.about = nullptr;
  const auto bytes = encode(entry).value();
  EXPECT_TRUE(parse_entry(bytes)->payload.empty());
  EXPECT_TRUE(parse_entry(bytes)->header.about.is_object());
}

TEST(Entry, TruncatedAtEveryLength) {
  const Bytes bytes = sample_bytes();
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THAT(problem(std::span(bytes).first(length)), StartsWith("truncated")) << length;
  }
}

TEST(Entry, EveryBitFlipped) {
  Bytes bytes = sample_bytes();
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[at] ^= std::byte{1} << bit;
      EXPECT_NE(problem(bytes), "") << at;
      bytes[at] ^= std::byte{1} << bit;
    }
  }
  EXPECT_EQ(problem(bytes), "");
}

TEST(Entry, SaysWhatIsWrong) {
  Bytes bytes = sample_bytes();
  bytes.push_back({});
  EXPECT_EQ(problem(bytes), "damaged: there are bytes behind its end");
  bytes = sample_bytes();
  bytes.back() ^= std::byte{1};
  EXPECT_EQ(problem(bytes), "damaged: checksum");
  bytes[0] = {};
  EXPECT_THAT(problem(bytes), HasSubstr("does not begin as an entry"));
  EXPECT_THAT(problem(prelude_of(2, 0, 0)), HasSubstr("format: had version 2, want 1"));
}

// The lengths are looked at before anything is allocated or added up.
TEST(Entry, LengthsPastTheLimits) {
  EXPECT_THAT(problem(prelude_of(1, 0xffffffff, 0)), HasSubstr("past the limits"));
  EXPECT_THAT(problem(prelude_of(1, 0, ~uint64_t{0})), HasSubstr("past the limits"));
  EXPECT_THAT(problem(prelude_of(1, 0, kMostPayloadBytes + 1)), HasSubstr("past the limits"));
  EXPECT_THAT(problem(prelude_of(1, 0, kMostPayloadBytes)), HasSubstr("truncated"));
}

TEST(Entry, HeadersOfOtherShapes) {
  EXPECT_TRUE(parse_header(R"({"fields":[["a","b"]],"about":{}})"));
  for (const char* json :
       {"", "{", "[]", "7", R"({"fields":[["a","b"]]})", R"({"fields":{},"about":{}})",
        R"({"fields":[["a","b"]],"about":[]})", R"({"fields":[],"about":{}})",
        R"({"fields":[["a"]],"about":{}})", R"({"fields":[["a",1]],"about":{}})",
        R"({"fields":[["A","b"]],"about":{}})", R"({"fields":[["a","b"],["a","c"]],"about":{}})",
        R"({"fields":[["a","b\n"]],"about":{}})", R"({"fields":[["a","b"]],"about":{},"x":1})"}) {
    const auto header = parse_header(json);
    ASSERT_FALSE(header) << json;
    EXPECT_EQ(header.error().code, Code::kDataLoss);
    EXPECT_THAT(header.error().message, StartsWith("damaged: "));
  }
}

TEST(Entry, RefusesToEncodeWhatItWouldNotRead) {
  EXPECT_FALSE(encode(sample_entry({{{"a", "\n"}}})));
  Entry entry = sample_entry(sample_fields());
  entry.about["notes"] = std::string(kMostHeaderBytes, 'x');
  EXPECT_THAT(encode(entry).error().message, HasSubstr("at most"));
}

}  // namespace
}  // namespace spyre::cache
