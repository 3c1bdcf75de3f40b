#include "cli/npy.h"

#include <gtest/gtest.h>

namespace spyre::cli {
namespace {

TEST(Npy, TheHeaderSaysWhatFollows) {
  const std::string file = npy_array({{1, 2, 3}, {4, 5, 6}}, 3);
  EXPECT_EQ(file.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
  const size_t length =
      static_cast<unsigned char>(file[8]) + 256u * static_cast<unsigned char>(file[9]);
  EXPECT_EQ((10 + length) % 64, 0u);
  EXPECT_EQ(file[10 + length - 1], '\n');
  EXPECT_TRUE(
      file.substr(10).starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
  EXPECT_EQ(file.size(), 10 + length + 24);
  EXPECT_EQ(file.substr(10 + length, 4), std::string("\x00\x00\x80\x3f", 4));
}

TEST(Npy, NoRows) { EXPECT_NE(npy_array({}, 3).find("'shape': (0, 3)"), std::string::npos); }

}  // namespace
}  // namespace spyre::cli
