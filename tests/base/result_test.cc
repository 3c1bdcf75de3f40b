#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>

namespace spyre {
namespace {

Result<int> half_of(int number) {
  if (number % 2 != 0)
    return error(Code::kInvalidArgument, "wanted an even number, found {}", number);
  return number / 2;
}

Result<int> quarter_of(int number) {
  SPYRE_TRY_ASSIGN(const int half, half_of(number));
  return half_of(half);
}

Status check_even(int number) {
  SPYRE_TRY(half_of(number));
  return {};
}

TEST(Result, ErrorsComeThroughUnchanged) {
  EXPECT_EQ(quarter_of(12).value(), 3);
  const auto failed = quarter_of(6);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kInvalidArgument);
  EXPECT_EQ(failed.error().message, "wanted an even number, found 3");
  EXPECT_TRUE(check_even(2));
  EXPECT_FALSE(check_even(1));
}

TEST(Result, AssignsWhatOnlyMoves) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(5); };
  const auto use = [&]() -> Result<int> {
    SPYRE_TRY_ASSIGN(const auto value, make());
    SPYRE_TRY_ASSIGN(const auto other, make());
    return *value + *other;
  };
  EXPECT_EQ(use().value(), 10);
}

TEST(Result, CodesHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (int code = 0; code <= static_cast<int>(Code::kInternal); ++code) {
    names.insert(name(static_cast<Code>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(Code::kInternal) + 1);
  EXPECT_EQ(name(Code::kInvalidArgument), "invalid_argument");
  EXPECT_EQ(name(Code::kInternal), "internal");
}

TEST(ResultDeathTest, ChecksNameThePlace) {
  EXPECT_DEATH(SPYRE_CHECK(1 + 1 == 3),
               "result_test.cc:[0-9]+: internal check failed: 1 \\+ 1 == 3");
  SPYRE_CHECK(true);
}

}  // namespace
}  // namespace spyre
