#include "checkpoint/byte_cursor.h"

#include <gtest/gtest.h>

#include "checkpoint/files.h"

namespace spyre::checkpoint {
namespace {

TEST(ByteCursor, ReadsNumbersAndTexts) {
  const std::string bytes = raw(uint32_t{7}) + "abc" + raw(1.5f);
  ByteCursor cursor(bytes_of(bytes));
  EXPECT_EQ(cursor.number<uint32_t>(), 7u);
  EXPECT_EQ(cursor.text(3), "abc");
  EXPECT_EQ(cursor.number<float>(), 1.5f);
  EXPECT_EQ(cursor.remaining(), 0u);
  EXPECT_FALSE(cursor.failed());
}

TEST(ByteCursor, StaysFailedAfterReadingPastTheEnd) {
  const std::string bytes = "abcd";
  ByteCursor cursor(bytes_of(bytes));
  EXPECT_EQ(cursor.text(~0ull), "");
  EXPECT_TRUE(cursor.failed());
  EXPECT_EQ(cursor.number<uint32_t>(), 0u);
  EXPECT_EQ(cursor.position(), 0u);
}

}  // namespace
}  // namespace spyre::checkpoint
