// Entries between a folder and one file, which holds them one after the other.
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "cache/state.h"

namespace spyre::cache {

namespace {

// A regular file to read. Never waits.
Result<OpenFile> open_for_import(const std::filesystem::path& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status{};
  if (!file || fstat(*file, &status) != 0) {
    return error(errno == ENOENT ? Code::kNotFound : Code::kIo, "{}: {}", path.string(),
                 std::strerror(errno));
  }
  if (!S_ISREG(status.st_mode)) {
    return error(Code::kInvalidArgument, "{}: wanted a regular file", path.string());
  }
  return OpenFile{std::move(file), static_cast<size_t>(status.st_size), {}};
}

std::string line(std::string_view which, const Error& why) {
  return fmt::format("{}: {}", which, why.message);
}

Status put(const std::filesystem::path& path, const Status& status) {
  if (status) return {};
  return error(status.error().code, "{}: {}", path.string(), status.error().message);
}

}  // namespace

Result<GraphCache::TransferReport> GraphCache::export_to(const std::filesystem::path& file,
                                                         const Progress& progress) {
  struct stat status{};
  if (lstat(file.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return error(Code::kInvalidArgument, "{}: wanted a new file or one to replace", file.string());
  }
  const std::filesystem::path parent = file.has_parent_path() ? file.parent_path() : ".";
  const Descriptor folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return error(Code::kIo, "{}: {}", parent.string(), std::strerror(errno));
  auto out = AsideFile::create(folder);
  if (!out) return error(Code::kIo, "{}: {}", file.string(), out.error().message);
  SPYRE_TRY_ASSIGN(const auto items, list());
  int64_t total = 0;
  for (const Item& item : items) total += item.bytes;
  int64_t done = 0;
  TransferReport report;
  for (const Item& item : items) {
    if (!progress(done, total)) return cancelled();
    done += item.bytes;
    const auto loaded = load_file(state_->folder, item.key);
    if (!loaded) {
      report.refused.push_back(line(file_name(item.key), loaded.error()));
      continue;
    }
    SPYRE_TRY(put(file, out->write(loaded->bytes)));
    ++report.entries;
    report.bytes += static_cast<int64_t>(loaded->bytes.size());
  }
  SPYRE_TRY(put(file, out->commit(file.filename().string())));
  return report;
}

Result<GraphCache::TransferReport> GraphCache::import_from(const std::filesystem::path& path,
                                                           const Progress& progress) {
  if (!writable()) {
    return error(Code::kUnavailable, "{}: is read-only: nothing is added to it",
                 this->path().string());
  }
  SPYRE_TRY_ASSIGN(const OpenFile file, open_for_import(path));
  TransferReport report;
  size_t at = 0;
  for (int number = 1; at < file.bytes; ++number) {
    if (!progress(static_cast<int64_t>(at), static_cast<int64_t>(file.bytes))) return cancelled();
    const std::string which = fmt::format("entry {} at byte {}", number, at);
    const auto bytes = read_entry(file.descriptor, at, file.bytes);
    if (!bytes) {
      // Its end is not known, so neither is where the next one begins.
      report.refused.push_back(line(which, bytes.error()) + "; nothing behind it was read");
      break;
    }
    at += bytes->size();
    const auto view = parse_entry(*bytes);
    if (!view) {
      report.refused.push_back(line(which, view.error()));
      continue;
    }
    const std::string key = view->header.fields.key();
    if (load_file(state_->folder, key)) {
      ++report.present;
      continue;
    }
    SPYRE_TRY(state_->folder.write(file_name(key), *bytes));
    ++report.entries;
    report.bytes += static_cast<int64_t>(bytes->size());
  }
  return report;
}

}  // namespace spyre::cache
