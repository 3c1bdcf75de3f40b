#include "serve/metrics/log_file.h"

#include <system_error>

#include "base/log.h"

namespace spyre::serve::metrics {

Result<LogFile> LogFile::create(const std::filesystem::path& folder, std::string_view file_name) {
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  std::filesystem::path path = folder / file_name;
  // Removed, not emptied: the old one may belong to someone else, or be a link to somewhere.
  if (!problem) std::filesystem::remove(path, problem);
  std::ofstream file;
  if (!problem) file.open(path, std::ios::binary);
  if (!file.is_open()) {
    return error(Code::kIo,
                 "{}: cannot write it{}; VLLM_SPYRE_PERF_METRIC_LOGGING_DIR names the folder",
                 path.string(), problem ? ": " + problem.message() : std::string());
  }
  return LogFile(std::move(path), std::move(file));
}

void LogFile::append(std::string_view line) {
  if (!file_.is_open()) return;
  file_ << line << '\n' << std::flush;
  if (file_.good()) return;
  file_.close();
  log::warn("{}: cannot be written any more", path_.string());
}

}  // namespace spyre::serve::metrics
