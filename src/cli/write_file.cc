#include "cli/write_file.h"

#include <fstream>

namespace spyre::cli {

Status write_file(const std::filesystem::path& path, std::string_view text,
                  std::string_view setting) {
  std::error_code ignored;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), ignored);
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return error(Code::kIo, "{}: cannot write {}", setting, path.string());
  return {};
}

}  // namespace spyre::cli
