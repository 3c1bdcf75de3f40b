#include "base/format.h"

#include <gtest/gtest.h>

namespace spyre {
namespace {

TEST(Format, TheTableIsInTheOrderOfTheEnum) {
  for (size_t i = 0; i < kFormats.size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(kFormats[i].format), i);
    EXPECT_EQ(format_named(kFormats[i].name), kFormats[i].format);
  }
  EXPECT_FALSE(format_named("Q9_9"));
  EXPECT_FALSE(format_named(""));
}

TEST(Format, Kinds) {
  for (const FormatInfo& each : kFormats) {
    const bool plain = each.name == "F32" || each.name == "F16" || each.name == "BF16";
    EXPECT_EQ(is_float(each.format), plain) << each.name;
    EXPECT_EQ(is_grouped(each.format), each.block_bytes == 0) << each.name;
  }
}

}  // namespace
}  // namespace spyre
