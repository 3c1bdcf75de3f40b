#include "text/folder_file.h"

namespace spyre::text {

Result<FolderFile> FolderFile::open(const std::filesystem::path& folder, std::string_view name) {
  FolderFile opened;
  auto file = MappedFile::open(folder / name);
  if (file) {
    opened.file_ = std::move(*file);
  } else if (file.error().code != Code::kNotFound) {
    return std::unexpected(file.error());
  }
  return opened;
}

SpyreTextSpan FolderFile::span() const {
  if (!file_) return rust::absent();
  const auto bytes = file_->bytes();
  return rust::span({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace spyre::text
