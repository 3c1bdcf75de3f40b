#include "backend/native/perf_map.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace spyre::backend {

Status add_to_perf_map(const void* begin, size_t bytes, std::string_view name) {
  const std::string path = fmt::format("/tmp/perf-{}.map", getpid());
  const auto failed = [&](const char* what) {
    return error(Code::kIo, "{}: {}: {}", path, what, std::strerror(errno));
  };
  // Anybody may make files in /tmp: a link is not followed, and another's file is not written.
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return failed("open");
  struct stat status{};
  const std::string line =
      fmt::format("{:x} {:x} {}\n", reinterpret_cast<uintptr_t>(begin), bytes, name);
  const bool ours = fstat(file, &status) == 0 && status.st_uid == geteuid();
  const bool written = ours && write(file, line.data(), line.size()) == std::ssize(line);
  const auto result = written ? Status() : failed(ours ? "write" : "another user's file");
  close(file);
  return result;
}

}  // namespace spyre::backend
