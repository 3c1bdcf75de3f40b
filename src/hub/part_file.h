// A blob while it comes: the file <etag>.incomplete and the checksum of what it holds so far. What
// an earlier run left there is read once, and the rest is appended.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "base/result.h"
#include "hub/digest.h"
#include "hub/listing.h"

namespace spyre::hub {

class PartFile {
 public:
  PartFile(PartFile&& other) noexcept;
  PartFile& operator=(PartFile&&) = delete;
  ~PartFile();

  // Opens or creates the file; longer than wanted.bytes, it starts again from nothing. reading() is
  // called now and then, its error ends the call. wanted must outlive the object. kIo.
  static Result<PartFile> open(const std::filesystem::path& path, const RemoteFile& wanted,
                               const std::function<Status()>& reading);

  int64_t bytes() const { return bytes_; }

  // kDataLoss when more comes than was announced; kResourceExhausted (disk full), kIo.
  Status append(std::span<const std::byte> data);

  // Throws away what was there.
  Status restart();

  // Checks the checksum and moves the file to its place; with a wrong one it is removed: kDataLoss.
  Status finish(const std::filesystem::path& blob);

 private:
  PartFile(int descriptor, std::filesystem::path path, const RemoteFile& wanted)
      : descriptor_(descriptor),
        path_(std::move(path)),
        wanted_(wanted),
        digest_(wanted.etag, wanted.bytes) {}
  Status read_existing(const std::function<Status()>& reading);

  int descriptor_;
  std::filesystem::path path_;
  const RemoteFile& wanted_;
  Digest digest_;
  int64_t bytes_ = 0;
};

}  // namespace spyre::hub
