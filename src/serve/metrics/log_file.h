// A text file that grows by whole lines, for the two files of VLLM_SPYRE_PERF_METRIC_LOGGING. Once
// a line cannot be written the log says so, and no more are tried.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/result.h"

namespace spyre::serve::metrics {

class LogFile {
 public:
  // An empty file in the folder, which is made when it is missing; an old file is replaced. kIo:
  // folder or file cannot be written (the message names the setting).
  static Result<LogFile> create(const std::filesystem::path& folder, std::string_view file_name);

  // Writes the line and its end, at once.
  void append(std::string_view line);

 private:
  LogFile(std::filesystem::path path, std::ofstream file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace spyre::serve::metrics
