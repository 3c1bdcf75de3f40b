// Files of a model folder that may be missing.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "base/mapped_file.h"
#include "text/rust.h"

namespace spyre::text {

class FolderFile {
 public:
  // A file that does not exist is no error. Errors: those of MappedFile but kNotFound.
  static Result<FolderFile> open(const std::filesystem::path& folder, std::string_view name);

  bool exists() const { return file_.has_value(); }
  // Borrows; null when the file does not exist.
  SpyreTextSpan span() const;

 private:
  std::optional<MappedFile> file_;
};

}  // namespace spyre::text
