#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre {
namespace {

TEST(Log, TheLastLevelCounts) {
  ASSERT_TRUE(log::init("ERROR"));
  EXPECT_EQ(spdlog::default_logger()->level(), spdlog::level::err);
  ASSERT_TRUE(log::init("debug"));
  EXPECT_EQ(spdlog::default_logger()->level(), spdlog::level::debug);
  ASSERT_TRUE(log::init("Warning"));
  EXPECT_EQ(spdlog::default_logger()->level(), spdlog::level::warn);
}

TEST(Log, WritesLevelAndTextToStandardError) {
  testing::internal::CaptureStderr();
  ASSERT_TRUE(log::init("INFO"));
  log::debug("not {}", "this");
  log::info("loaded {} tensors", 3);
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, testing::HasSubstr("info loaded 3 tensors\n"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("not this")));
}

TEST(Log, RefusesOtherWords) {
  for (const std::string_view word : {"", "LOUD", "INFO "}) {
    const Status status = log::init(word);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::kInvalidArgument);
    EXPECT_THAT(status.error().message, testing::HasSubstr("VLLM_LOGGING_LEVEL"));
    EXPECT_THAT(status.error().message, testing::HasSubstr("'" + std::string(word) + "'"));
  }
}

}  // namespace
}  // namespace spyre
