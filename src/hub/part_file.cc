#include "hub/part_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>
#include <vector>

#include "hub/cache.h"

namespace spyre::hub {

namespace {

constexpr size_t kReadBytes = 4 << 20;

std::unexpected<Error> failed(const std::filesystem::path& path, std::string_view what) {
  const Code code = errno == ENOSPC || errno == EDQUOT ? Code::kResourceExhausted : Code::kIo;
  return error(code, "{}: cannot be {}: {}; HF_HUB_CACHE names another place", path.string(), what,
               std::strerror(errno));
}

}  // namespace

PartFile::PartFile(PartFile&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      path_(std::move(other.path_)),
      wanted_(other.wanted_),
      digest_(std::move(other.digest_)),
      bytes_(other.bytes_) {}

PartFile::~PartFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

Result<PartFile> PartFile::open(const std::filesystem::path& path, const RemoteFile& wanted,
                                const std::function<Status()>& reading) {
  SPYRE_TRY(make_folder(path.parent_path()));
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
  if (descriptor < 0) return failed(path, "opened");
  PartFile part(descriptor, path, wanted);
  SPYRE_TRY(part.read_existing(reading));
  return part;
}

Status PartFile::read_existing(const std::function<Status()>& reading) {
  std::vector<std::byte> buffer(kReadBytes);
  while (true) {
    const ssize_t count = read(descriptor_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(path_, "read");
    if (count == 0) return {};
    if (bytes_ + count > wanted_.bytes) return restart();
    digest_.update(std::span(buffer).first(static_cast<size_t>(count)));
    bytes_ += count;
    SPYRE_TRY(reading());
  }
}

Status PartFile::append(std::span<const std::byte> data) {
  if (std::cmp_greater(data.size(), wanted_.bytes - bytes_)) {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
    return error(Code::kDataLoss, "{}: wanted {} bytes, the hub sends more; removed, pull again",
                 wanted_.path, wanted_.bytes);
  }
  for (std::span<const std::byte> rest = data; !rest.empty();) {
    const ssize_t count = write(descriptor_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return failed(path_, "written");
    rest = rest.subspan(static_cast<size_t>(count));
  }
  digest_.update(data);
  bytes_ += static_cast<int64_t>(data.size());
  return {};
}

Status PartFile::restart() {
  if (ftruncate(descriptor_, 0) != 0 || lseek(descriptor_, 0, SEEK_SET) != 0) {
    return failed(path_, "emptied");
  }
  digest_ = Digest(wanted_.etag, wanted_.bytes);
  bytes_ = 0;
  return {};
}

Status PartFile::finish(const std::filesystem::path& blob) {
  const std::string found = digest_.finish();
  std::error_code failure;
  if (found != wanted_.etag) {
    std::filesystem::remove(path_, failure);
    return error(Code::kDataLoss, "{}: wanted checksum {}, found {}; removed, pull again",
                 wanted_.path, wanted_.etag, found);
  }
  if (fsync(descriptor_) != 0) return failed(path_, "written");
  std::filesystem::rename(path_, blob, failure);
  if (failure) return error(Code::kIo, "{}: {}", blob.string(), failure.message());
  return {};
}

}  // namespace spyre::hub
