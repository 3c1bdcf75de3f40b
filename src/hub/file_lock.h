// A lock on a file that other processes respect, the hub's own library among them. Held while the
// object lives; the system lets go of it when a process dies.
#pragma once

#include <filesystem>
#include <functional>

#include "base/result.h"

namespace spyre::hub {

class FileLock {
 public:
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

  // Creates the file and waits until nobody else holds it; waiting() is called about ten times a
  // second meanwhile and its error ends the wait. kIo when the file cannot be made.
  static Result<FileLock> acquire(const std::filesystem::path& path,
                                  const std::function<Status()>& waiting);

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace spyre::hub
