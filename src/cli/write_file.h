// A whole file from text.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace spyre::cli {

// Makes the folders above it. setting: that named the file, for the message. kIo: it cannot be
// written.
Status write_file(const std::filesystem::path& path, std::string_view text,
                  std::string_view setting);

}  // namespace spyre::cli
