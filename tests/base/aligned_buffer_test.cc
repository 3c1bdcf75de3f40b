#include "base/aligned_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>

namespace spyre {
namespace {

TEST(AlignedBuffer, IsZeroedAlignedAndAsLongAsAskedFor) {
  for (const size_t bytes : {size_t{1}, size_t{63}, size_t{4096}, size_t{5} << 20}) {
    const auto buffer = AlignedBuffer::create(bytes);
    ASSERT_TRUE(buffer);
    EXPECT_EQ(buffer->bytes(), bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(buffer->data()) % 64, 0u);
    EXPECT_TRUE(std::ranges::all_of(buffer->as<uint8_t>(), [](uint8_t b) { return b == 0; }));
    std::ranges::fill(buffer->as<uint8_t>(), uint8_t{7});
    EXPECT_EQ(buffer->as<uint8_t>().back(), 7);
  }
}

TEST(AlignedBuffer, ViewsHoldWholeElements) {
  const auto buffer = AlignedBuffer::create(10);
  EXPECT_EQ(buffer->as<float>().size(), 2u);
}

TEST(AlignedBuffer, EmptyIsNoError) {
  const auto buffer = AlignedBuffer::create(0);
  ASSERT_TRUE(buffer);
  EXPECT_EQ(buffer->bytes(), 0u);
  EXPECT_TRUE(buffer->as<float>().empty());
}

TEST(AlignedBuffer, TooMuchIsAnError) {
  for (const size_t bytes : {std::numeric_limits<size_t>::max(), size_t{1} << 60}) {
    const auto buffer = AlignedBuffer::create(bytes);
    ASSERT_FALSE(buffer);
    EXPECT_EQ(buffer.error().code, Code::kResourceExhausted);
    EXPECT_NE(buffer.error().message.find(std::to_string(bytes)), std::string::npos);
  }
}

TEST(AlignedBuffer, MovesTakeTheMemoryAlong) {
  auto first = AlignedBuffer::create(100).value();
  first.as<uint8_t>()[3] = 9;
  AlignedBuffer second = std::move(first);
  EXPECT_EQ(second.as<uint8_t>()[3], 9);
  auto third = AlignedBuffer::create(10).value();
  third = std::move(second);
  EXPECT_EQ(third.bytes(), 100u);
  EXPECT_EQ(third.as<uint8_t>()[3], 9);
}

}  // namespace
}  // namespace spyre
