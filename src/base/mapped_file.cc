#include "base/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace spyre {

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      path_(std::move(other.path_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), size_);
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  // O_NONBLOCK: opening a pipe would wait for a writer. It means nothing for regular files.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return error(errno == ENOENT || errno == ENOTDIR ? Code::kNotFound : Code::kIo, "{}: {}",
                 path.string(), std::strerror(errno));
  }
  struct stat status{};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd);
    return error(Code::kIo, "{}: not a regular file", path.string());
  }
  MappedFile file;
  file.path_ = path;
  file.size_ = static_cast<size_t>(status.st_size);
  if (file.size_ == 0) {
    ::close(fd);
    return file;
  }
  void* memory = mmap(nullptr, file.size_, PROT_READ, MAP_PRIVATE, fd, 0);
  const int cause = errno;
  ::close(fd);
  if (memory == MAP_FAILED) {
    return error(Code::kIo, "{}: cannot be mapped: {}", path.string(), std::strerror(cause));
  }
  file.data_ = static_cast<const std::byte*>(memory);
  return file;
}

void MappedFile::drop(std::span<const std::byte> range) const {
  if (range.empty()) return;
  // A fault maps the aligned 64 KiB around it, so these are what a reader of the range has brought
  // in. Neighbours that are still wanted come back from the page cache.
  constexpr size_t kFaultAround = size_t{64} << 10;
  const auto offset = static_cast<size_t>(range.data() - data_);
  const size_t begin = offset / kFaultAround * kFaultAround;
  const size_t end =
      std::min(size_, (offset + range.size() + kFaultAround - 1) / kFaultAround * kFaultAround);
  madvise(const_cast<std::byte*>(data_) + begin, end - begin, MADV_DONTNEED);
}

}  // namespace spyre
