#include "cli/npy.h"

#include <fmt/format.h>

#include <bit>

namespace spyre::cli {

namespace {

void append_little_endian(std::string& out, uint32_t bits, int bytes) {
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(bits >> (8 * i) & 0xff);
}

}  // namespace

std::string npy_array(const std::vector<std::vector<float>>& rows, int64_t columns) {
  constexpr size_t kAlignment = 64;  // of the data, which is mapped by readers
  constexpr int kLengthBytes = 2;
  std::string file("\x93NUMPY\x01\x00", 8);
  std::string header = fmt::format(
      "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows.size(), columns);
  while ((file.size() + kLengthBytes + header.size() + 1) % kAlignment != 0) header += ' ';
  header += '\n';
  append_little_endian(file, static_cast<uint32_t>(header.size()), kLengthBytes);
  file += header;
  for (const auto& row : rows) {
    for (const float value : row) append_little_endian(file, std::bit_cast<uint32_t>(value), 4);
  }
  return file;
}

}  // namespace spyre::cli
