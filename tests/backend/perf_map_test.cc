#include "backend/native/perf_map.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace spyre::backend {
namespace {

std::string perf_map_path() { return fmt::format("/tmp/perf-{}.map", getpid()); }

TEST(PerfMap, HasALineARoutine) {
  std::filesystem::remove(perf_map_path());
  ASSERT_TRUE(add_to_perf_map(reinterpret_cast<void*>(0x1000), 32, "spyre_piece_add"));
  ASSERT_TRUE(add_to_perf_map(reinterpret_cast<void*>(0x2000), 16, "spyre_piece_mul"));
  std::ifstream file(perf_map_path());
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), "1000 20 spyre_piece_add\n2000 10 spyre_piece_mul\n");
  std::filesystem::remove(perf_map_path());
}

TEST(PerfMap, ALinkThatSomebodyLeftIsNotFollowed) {
  std::filesystem::remove(perf_map_path());
  const std::string target = perf_map_path() + ".target";
  std::filesystem::create_symlink(target, perf_map_path());
  EXPECT_FALSE(add_to_perf_map(nullptr, 1, "x"));
  EXPECT_FALSE(std::filesystem::exists(target));
  std::filesystem::remove(perf_map_path());
}

}  // namespace
}  // namespace spyre::backend
