#include "cli/read_file.h"

#include <fstream>
#include <iostream>
#include <iterator>

namespace spyre::cli {

Result<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  if (!in || std::filesystem::is_directory(path)) {
    return error(Code::kNotFound, "{}: cannot be read", path.string());
  }
  return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace spyre::cli
