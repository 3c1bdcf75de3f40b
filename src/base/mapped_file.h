// A file mapped read-only. Views borrow from the object; pages can be dropped once their content
// was copied.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "base/result.h"

namespace spyre {

class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  // Errors: kNotFound (no such file), kIo (not a regular file, not readable). An empty file gives
  // an empty span. Never waits, not even for a pipe. Caller: nobody shortens the file while it is
  // mapped.
  static Result<MappedFile> open(const std::filesystem::path& path);

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

  // Tells the system that these bytes, inside bytes(), are not needed soon, nor those that a read
  // of them mapped beside them. All stay readable.
  void drop(std::span<const std::byte> range) const;

 private:
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
  std::filesystem::path path_;
};

}  // namespace spyre
