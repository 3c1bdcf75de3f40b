// A whole file as text.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace spyre::cli {

// "-" is standard input. kNotFound: the file cannot be read.
Result<std::string> read_file(const std::filesystem::path& path);

}  // namespace spyre::cli
