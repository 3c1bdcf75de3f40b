// The folder of a cache and the rules that make its files safe to run: nobody but this user (or
// root, who could do anything anyway) may write the folder or a file in it; a file appears under
// its name only when it is whole and on disk. The folder is held open, so that a name that is
// exchanged later leads nowhere else. It knows names and bytes, not entries.
#pragma once

#include <chrono>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cache/descriptor.h"

namespace spyre::cache {

// What to do when there is no such folder.
enum class IfAbsent { kMake, kFail };

// An open file that may be believed.
struct OpenFile {
  Descriptor descriptor;
  size_t bytes;
  std::chrono::system_clock::time_point used;  // when it was written or marked as used
};

class Folder {
 public:
  // Makes it with mode 0700, and the folders above it. kNotFound: there is none and it is not to be
  // made. kInvalidArgument: no folder, another user's, or others may write it; says what to chmod.
  // kIo: it cannot be made or read.
  static Result<Folder> open(const std::filesystem::path& path, IfAbsent if_absent);

  const std::filesystem::path& path() const { return path_; }
  // False on a read-only file system, for another's folder, and where its owner has no w.
  bool writable() const { return writable_; }

  // Names in it, sorted. kIo.
  Result<std::vector<std::string>> names() const;

  // Never follows a link, never waits. kNotFound: none. kInvalidArgument: another user's, others
  // may write it, no regular file. kIo: it cannot be read.
  Result<OpenFile> open_file(const std::string& name) const;

  // Writes the file aside, flushes it and puts it in the place of what is there, mode 0600. Readers
  // and other writers see the old file or the new one. kUnavailable: not writable(); kIo, with
  // nothing left behind: no space and the like.
  Status write(const std::string& name, std::span<const std::byte> bytes) const;

  // Nobody else has it until the descriptor is closed: for files that are read, changed and
  // written. Waits. kIo.
  Result<Descriptor> lock() const;

  // Whether it was there. kIo.
  Result<bool> remove(const std::string& name) const;

  // Marks a file as used now, for whoever removes what was not used for long. Failure means
  // nothing.
  static void mark_used(const OpenFile& file);

  // Removes what writers left behind that ended before they were done; returns how many. Writers
  // that live hold a lock on their file.
  int remove_leftovers() const;

 private:
  Folder() = default;
  std::filesystem::path path_;
  Descriptor descriptor_;
  bool writable_ = false;
};

// bytes from `offset` on. kDataLoss: the file ends before; kIo.
Result<std::vector<std::byte>> read_at(const Descriptor& file, size_t offset, size_t bytes);

// A file that gets its name when it is complete. Until then it lies in the same folder under
// another name, locked; without commit() it disappears with the object.
class AsideFile {
 public:
  // folder: where the file will be. kIo.
  static Result<AsideFile> create(const Descriptor& folder);
  AsideFile(AsideFile&& other) noexcept;
  AsideFile& operator=(AsideFile&&) = delete;
  ~AsideFile();

  Status write(std::span<const std::byte> bytes);
  // Flushes file and folder.
  Status commit(const std::string& name);

 private:
  AsideFile(int folder, Descriptor file, std::string name)
      : folder_(folder), file_(std::move(file)), name_(std::move(name)) {}
  int folder_;  // of the caller's Descriptor
  Descriptor file_;
  std::string name_;  // empty once it is gone
};

}  // namespace spyre::cache
