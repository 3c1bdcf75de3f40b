// The table of a plan, as text and as JSON.
#include "plan/parts.h"

#include <gtest/gtest.h>

namespace spyre::plan {
namespace {

TEST(Parts, NumbersHaveOneUnitThatFits) {
  EXPECT_EQ(text(96'600'000, Units::kDecimal), "96.6 MB");
  EXPECT_EQ(text(999'900'000, Units::kDecimal), "999.9 MB");
  EXPECT_EQ(text(2'340'000'000, Units::kDecimal), "2.34 GB");
  EXPECT_EQ(text(int64_t{20'800} << 20, Units::kBinary), "20.31 GiB");
}

TEST(Parts, TheTableEndsWithTheSum) {
  const std::vector<Part> parts = {{.name = "weights", .bytes = 96'600'000, .how = "packed"},
                                   {.name = "KV cache", .bytes = 1'500'000'000, .how = "blocks"}};
  EXPECT_EQ(total_bytes(parts), 1'596'600'000);
  EXPECT_EQ(table(parts, Units::kDecimal),
            "weights             96.6 MB  packed\n"
            "KV cache            1.50 GB  blocks\n"
            "total               1.60 GB\n");
  EXPECT_EQ(to_json(parts).dump(), R"([{"name":"weights","bytes":96600000,"how":"packed"},)"
                                   R"({"name":"KV cache","bytes":1500000000,"how":"blocks"}])");
}

}  // namespace
}  // namespace spyre::plan
