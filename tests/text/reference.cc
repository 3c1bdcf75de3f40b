#include "text/reference.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace spyre::text {

std::vector<std::filesystem::path> reference_folders(std::string_view kind) {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(kReference / kind)) {
    if (entry.is_directory()) folders.push_back(entry.path());
  }
  std::ranges::sort(folders);
  EXPECT_FALSE(folders.empty()) << kind;
  return folders;
}

std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  EXPECT_TRUE(in) << file;
  return {std::istreambuf_iterator<char>(in), {}};
}

Json read_json(const std::filesystem::path& file) {
  return value_of(parse_json(read_text(file), file.string()));
}

ScratchFolder::ScratchFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "spyre_text_XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  path_ = name;
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void ScratchFolder::write(std::string_view name, std::string_view content) const {
  std::ofstream(path_ / name, std::ios::binary) << content;
}

void ScratchFolder::copy(const std::filesystem::path& file) const {
  std::filesystem::copy_file(file, path_ / file.filename());
}

}  // namespace spyre::text
