#include "config/nearest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spyre::config {
namespace {

const std::vector<std::string_view> kWords = {"--temperature", "--top-k", "--top-p", "--prompt"};

TEST(Nearest, FindsMissingSuperfluousWrongAndSwappedLetters) {
  EXPECT_EQ(nearest("--temprature", kWords), "--temperature");
  EXPECT_EQ(nearest("--ttop-k", kWords), "--top-k");
  EXPECT_EQ(nearest("--prompd", kWords), "--prompt");
  EXPECT_EQ(nearest("--rpompt", kWords), "--prompt");
}

TEST(Nearest, NothingNearIsNothing) {
  EXPECT_EQ(nearest("--frobnicate", kWords), "");
  EXPECT_EQ(nearest("", kWords), "");
  EXPECT_EQ(nearest(std::string(100000, 'a'), kWords), "");
}

}  // namespace
}  // namespace spyre::config
