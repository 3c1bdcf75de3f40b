#include "hub/fetch_blob.h"

#include <algorithm>
#include <system_error>
#include <thread>

#include "base/log.h"
#include "hub/file_lock.h"
#include "hub/http_error.h"
#include "hub/part_file.h"

namespace spyre::hub {

namespace {

bool has_blob(const Cache& cache, const RemoteFile& file) {
  std::error_code failure;
  const auto bytes = std::filesystem::file_size(cache.blob(file.etag), failure);
  return !failure && std::cmp_equal(bytes, file.bytes);
}

class Transfer {
 public:
  Transfer(const Transport& transport, const RemoteFile& file, const std::string& url,
           const HubOptions& options, const BlobProgress& progress, PartFile& part)
      : transport_(transport),
        file_(file),
        url_(url),
        options_(options),
        progress_(progress),
        part_(part),
        furthest_(part.bytes()) {}

  // Asks until all bytes are there. Attempts that got further than any before are not counted: a
  // long file over a bad line gets there.
  Status run() {
    auto delay = options_.retry_delay;
    for (int failures = 0; part_.bytes() < file_.bytes;) {
      Status outcome = get_rest();
      if (outcome && part_.bytes() == file_.bytes) break;
      if (outcome) outcome = error(Code::kUnavailable, "{}: the transfer was cut", file_.path);
      if (outcome.error().code != Code::kUnavailable) return outcome;
      if (part_.bytes() > furthest_) {
        furthest_ = part_.bytes();
        failures = 0;
        delay = options_.retry_delay;
      }
      if (failures++ >= options_.retries) return outcome;
      log::warn("{}; trying again from byte {}", outcome.error().message, part_.bytes());
      SPYRE_TRY(pause(std::max(delay, asked_pause_)));
      delay *= 2;
    }
    return {};
  }

 private:
  Status get_rest() {
    const GetRequest request{url_, options_.token, part_.bytes(), options_.idle_timeout};
    return transport_.get(request,
                          {[this](const ResponseHead& head) { return on_response(head); },
                           [this](std::span<const std::byte> data) { return on_body(data); }});
  }

  Status on_response(const ResponseHead& head) {
    asked_pause_ = std::chrono::seconds(std::min<int64_t>(head.retry_after_s, 60));
    if (head.status == 206 && head.first_byte == part_.bytes()) return {};
    if (head.status == 200) return part_.bytes() == 0 ? Status() : part_.restart();
    if (head.status == 206 || head.status == 416) {
      SPYRE_TRY(part_.restart());
      return error(Code::kUnavailable, "{}: the hub sent another range than the one asked for",
                   file_.path);
    }
    return std::unexpected(http_error(head, file_.path, options_));
  }

  Status on_body(std::span<const std::byte> data) {
    SPYRE_TRY(part_.append(data));
    received_ += static_cast<int64_t>(data.size());
    return progress_(part_.bytes(), received_);
  }

  Status pause(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < end) {
      SPYRE_TRY(progress_(part_.bytes(), received_));
      std::this_thread::sleep_for(std::min(time, std::chrono::milliseconds(50)));
    }
    return {};
  }

  const Transport& transport_;
  const RemoteFile& file_;
  const std::string& url_;
  const HubOptions& options_;
  const BlobProgress& progress_;
  PartFile& part_;
  int64_t received_ = 0;
  int64_t furthest_ = 0;
  std::chrono::milliseconds asked_pause_{0};
};

}  // namespace

Status fetch_blob(const Transport& transport, const Cache& cache, const RemoteFile& file,
                  const std::string& url, const HubOptions& options, const BlobProgress& progress) {
  if (has_blob(cache, file)) return progress(file.bytes, 0);
  const auto waiting = [&] { return progress(0, 0); };
  SPYRE_TRY_ASSIGN(const FileLock lock, FileLock::acquire(cache.lock(file.etag), waiting));
  // Whoever held the lock may have brought it.
  if (has_blob(cache, file)) return progress(file.bytes, 0);
  SPYRE_TRY_ASSIGN(PartFile part, PartFile::open(cache.part(file.etag), file, waiting));
  SPYRE_TRY(progress(part.bytes(), 0));
  SPYRE_TRY(Transfer(transport, file, url, options, progress, part).run());
  return part.finish(cache.blob(file.etag));
}

}  // namespace spyre::hub
