#include "hub/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>

#include "hub/cache.h"

namespace spyre::hub {

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path,
                                   const std::function<Status()>& waiting) {
  SPYRE_TRY(make_folder(path.parent_path()));
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    return error(Code::kIo, "{}: cannot be locked: {}", path.string(), std::strerror(errno));
  }
  FileLock lock(descriptor);
  while (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) {
      return error(Code::kIo, "{}: cannot be locked: {}", path.string(), std::strerror(errno));
    }
    SPYRE_TRY(waiting());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return lock;
}

}  // namespace spyre::hub
