// NumPy's file of one array, version 1.0 (numpy.lib.format).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spyre::cli {

// float32, little-endian, [rows.size(), columns]; every row has that many columns.
std::string npy_array(const std::vector<std::vector<float>>& rows, int64_t columns);

}  // namespace spyre::cli
