#include "cache/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace spyre::cache {

namespace {

constexpr std::string_view kAsidePrefix = ".spyre-";
constexpr std::string_view kAsideSuffix = ".part";

std::unexpected<Error> failed(std::string_view what) {
  const int cause = errno;
  return error(Code::kIo, "{}: {}", what, std::strerror(cause));
}

// Why a file or folder must not be believed; empty when it may. Access lists count: the group's
// bits are their mask.
std::string distrust(const struct stat& status) {
  if (status.st_uid != geteuid() && status.st_uid != 0) {
    return fmt::format("foreign owner: it belongs to user {}, this process runs as {}",
                       status.st_uid, geteuid());
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fmt::format("others may write it (mode {:04o})", status.st_mode & 07777u);
  }
  return {};
}

struct CloseList {
  void operator()(DIR* list) const { closedir(list); }
};

Status make_folder(const std::filesystem::path& path) {
  const std::filesystem::path whole = std::filesystem::absolute(path).lexically_normal();
  // "a/b/" has an empty last part.
  const std::filesystem::path folder = whole.has_filename() ? whole : whole.parent_path();
  std::error_code cause;
  std::filesystem::create_directories(folder.parent_path(), cause);
  if (cause) {
    return error(Code::kIo, "{}: the folder above it cannot be made: {}", path.string(),
                 cause.message());
  }
  if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return failed(path.string() + ": cannot be made");
}

}  // namespace

Result<Folder> Folder::open(const std::filesystem::path& path, IfAbsent if_absent) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  Folder folder;
  folder.path_ = path;
  folder.descriptor_ = Descriptor(::open(path.c_str(), kFlags));
  if (!folder.descriptor_ && errno == ENOENT) {
    if (if_absent == IfAbsent::kFail) {
      return error(Code::kNotFound, "{}: wanted a folder of compiled graphs, found none",
                   path.string());
    }
    SPYRE_TRY(make_folder(path));
    folder.descriptor_ = Descriptor(::open(path.c_str(), kFlags));
  }
  if (!folder.descriptor_ && errno == ENOTDIR) {
    return error(Code::kInvalidArgument, "{}: wanted a folder for compiled graphs, found a file",
                 path.string());
  }
  if (!folder.descriptor_) return failed(path.string());
  struct stat status{};
  if (fstat(*folder.descriptor_, &status) != 0) return failed(path.string());
  if (const std::string why = distrust(status); !why.empty()) {
    return error(Code::kInvalidArgument,
                 "{}: {}; its files are code: wanted a folder that only you can write; run "
                 "`chmod 700` on it (`chown` first where it is not yours), or name another one",
                 path.string(), why);
  }
  // Root could write everywhere, but a folder without w is meant to stay as it is.
  folder.writable_ =
      (status.st_mode & S_IWUSR) != 0 && faccessat(*folder.descriptor_, ".", W_OK, AT_EACCESS) == 0;
  return folder;
}

Result<Descriptor> Folder::lock() const {
  // A lock belongs to an open file: one of its own.
  Descriptor again(openat(*descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!again || flock(*again, LOCK_EX) != 0) return failed(path_.string());
  return again;
}

Result<std::vector<std::string>> Folder::names() const {
  // The list owns its descriptor, which must have a position of its own.
  const int again = openat(*descriptor_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return failed(path_.string());
  const std::unique_ptr<DIR, CloseList> list(fdopendir(again));
  if (list == nullptr) {
    const auto why = failed(path_.string());
    close(again);
    return why;
  }
  std::vector<std::string> names;
  errno = 0;
  for (const dirent* each = readdir(list.get()); each != nullptr; each = readdir(list.get())) {
    names.emplace_back(each->d_name);
    errno = 0;
  }
  if (errno != 0) return failed(path_.string());
  std::ranges::sort(names);
  return names;
}

Result<OpenFile> Folder::open_file(const std::string& name) const {
  // O_NONBLOCK: a pipe would wait for a writer.
  Descriptor file(
      openat(*descriptor_, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) {
    if (errno == ENOENT) return error(Code::kNotFound, "no entry");
    if (errno == ELOOP) return error(Code::kInvalidArgument, "a link, not a file");
    return failed("cannot be opened");
  }
  struct stat status{};
  if (fstat(*file, &status) != 0) return failed("cannot be read");
  if (!S_ISREG(status.st_mode)) return error(Code::kInvalidArgument, "not a regular file");
  if (const std::string why = distrust(status); !why.empty()) {
    return error(Code::kInvalidArgument, "{}", why);
  }
  const auto used =
      std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::microseconds>(
          std::chrono::seconds(status.st_mtim.tv_sec) +
          std::chrono::nanoseconds(status.st_mtim.tv_nsec)));
  return OpenFile{std::move(file), static_cast<size_t>(status.st_size), used};
}

Status Folder::write(const std::string& name, std::span<const std::byte> bytes) const {
  if (!writable_) {
    return error(Code::kUnavailable, "{}: is read-only: nothing is added to it", path_.string());
  }
  const auto placed = [&](const Status& status) -> Status {
    if (status) return status;
    return error(status.error().code, "{}: {}", (path_ / name).string(), status.error().message);
  };
  auto file = AsideFile::create(descriptor_);
  if (!file) return placed(std::unexpected(file.error()));
  if (const Status status = file->write(bytes); !status) return placed(status);
  return placed(file->commit(name));
}

Result<bool> Folder::remove(const std::string& name) const {
  if (unlinkat(*descriptor_, name.c_str(), 0) == 0) return true;
  if (errno == ENOENT) return false;
  return failed((path_ / name).string());
}

void Folder::mark_used(const OpenFile& file) {
  const struct timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
  futimens(*file.descriptor, times);
}

int Folder::remove_leftovers() const {
  const auto all = names();
  if (!all) return 0;
  int removed = 0;
  for (const std::string& name : *all) {
    if (!name.starts_with(kAsidePrefix) || !name.ends_with(kAsideSuffix)) continue;
    const Descriptor file(
        openat(*descriptor_, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    // Whoever still writes it holds the lock; the system lets go of it when a process ends.
    if (!file || flock(*file, LOCK_EX | LOCK_NB) != 0) continue;
    if (unlinkat(*descriptor_, name.c_str(), 0) == 0) ++removed;
  }
  return removed;
}

Result<std::vector<std::byte>> read_at(const Descriptor& file, size_t offset, size_t bytes) {
  std::vector<std::byte> content(bytes);
  size_t done = 0;
  while (done < bytes) {
    const ssize_t got =
        pread(*file, content.data() + done, bytes - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed("cannot be read");
    if (got == 0) {
      return error(Code::kDataLoss, "truncated: wanted {} bytes, found {}", bytes, done);
    }
    done += static_cast<size_t>(got);
  }
  return content;
}

Result<AsideFile> AsideFile::create(const Descriptor& folder) {
  constexpr int kAttempts = 16;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    uint64_t number = 0;
    if (getrandom(&number, sizeof(number), 0) != sizeof(number)) continue;
    std::string name = fmt::format("{}{:016x}{}", kAsidePrefix, number, kAsideSuffix);
    Descriptor file(
        openat(*folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file && errno == EEXIST) continue;
    if (!file) return failed("cannot be written");
    // Between open and lock, who removes leftovers may hold it for one, or have removed it.
    struct stat status{};
    const bool mine =
        flock(*file, LOCK_EX | LOCK_NB) == 0 && fstat(*file, &status) == 0 && status.st_nlink == 1;
    AsideFile aside(*folder, std::move(file), std::move(name));
    if (!mine) continue;
    if (fchmod(*aside.file_, 0600) != 0) return failed("cannot be written");
    return aside;
  }
  return error(Code::kIo,
               "cannot be written: no name for it is free, or its file system has no "
               "locks (flock)");
}

AsideFile::AsideFile(AsideFile&& other) noexcept
    : folder_(other.folder_),
      file_(std::move(other.file_)),
      name_(std::exchange(other.name_, std::string())) {}

AsideFile::~AsideFile() {
  if (!name_.empty()) unlinkat(folder_, name_.c_str(), 0);
}

Status AsideFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(*file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("cannot be written");
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return {};
}

Status AsideFile::commit(const std::string& name) {
  if (fsync(*file_) != 0) return failed("cannot be flushed to disk");
  if (renameat(folder_, name_.c_str(), folder_, name.c_str()) != 0) {
    return failed("cannot be put in place");
  }
  name_.clear();
  // The file is whole either way; this only makes the new name survive a power cut.
  if (fsync(folder_) != 0) return failed("its folder cannot be flushed to disk");
  return {};
}

}  // namespace spyre::cache
