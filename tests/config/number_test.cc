#include "config/number.h"

#include <gtest/gtest.h>

namespace spyre::config {
namespace {

TEST(Number, IntegersAreStrict) {
  EXPECT_EQ(parse_integer("42"), 42);
  EXPECT_EQ(parse_integer(" -7\t"), -7);
  EXPECT_EQ(parse_integer("9223372036854775807"), INT64_MAX);
  for (const char* wrong : {"", " ", "9223372036854775808", "1 2", "12x", "0x10", "1.0", "+-1",
                            "true", "1_000", "\n5"}) {
    EXPECT_EQ(parse_integer(wrong), std::nullopt) << wrong;
  }
}

TEST(Number, SizesHaveSuffixes) {
  EXPECT_EQ(parse_size("4096"), 4096);
  EXPECT_EQ(parse_size("4k"), 4000);
  EXPECT_EQ(parse_size("4K"), 4096);
  EXPECT_EQ(parse_size("2g"), 2'000'000'000);
  EXPECT_EQ(parse_size("1T"), int64_t{1} << 40);
  EXPECT_EQ(parse_size("1.5k"), 1500);
  EXPECT_EQ(parse_size("25.6k"), 25600);
  EXPECT_EQ(parse_size("1.1m"), 1'100'000);
  for (const char* wrong : {"", "k", "1.5", "1.5K", "1.2345k", "4kk", "4 kb", "99999999999T",
                            "nank", "infk", "9999999999.5t"}) {
    EXPECT_EQ(parse_size(wrong), std::nullopt) << wrong;
  }
}

TEST(Number, RealsAreStrict) {
  EXPECT_EQ(parse_real("0.7"), 0.7);
  EXPECT_EQ(parse_real("1e-3"), 1e-3);
  EXPECT_EQ(parse_real("inf"), std::numeric_limits<double>::infinity());
  for (const char* wrong : {"", "nan", "1e999", "0,7", "0.7f", "."}) {
    EXPECT_EQ(parse_real(wrong), std::nullopt) << wrong;
  }
}

TEST(Number, RangesMayLeaveOutTheirLowEnd) {
  EXPECT_TRUE(in_range(between(0, 1), 0.0));
  EXPECT_FALSE(in_range(above(0, 1), 0.0));
  EXPECT_TRUE(in_range(above(0, 1), 1.0));
  EXPECT_FALSE(in_range(between(0, 1), 1.5));
  EXPECT_TRUE(in_range(multiple_of(64), int64_t{128}));
  EXPECT_FALSE(in_range(multiple_of(64), int64_t{100}));
  EXPECT_FALSE(in_range(multiple_of(64), int64_t{0}));
  EXPECT_FALSE(in_range(multiple_of(64), int64_t{-64}));
}

}  // namespace
}  // namespace spyre::config
