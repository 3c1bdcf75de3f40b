#include "hub/hub.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <vector>

#include "base/log.h"
#include "hub/cache.h"
#include "hub/fetch_blob.h"
#include "hub/http_error.h"
#include "hub/listing.h"
#include "hub/model_id.h"
#include "hub/selection.h"
#include "hub/transport.h"

namespace spyre::hub {

namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxListingBytes = 64 << 20;

std::string endpoint_of(const HubOptions& options) {
  std::string endpoint = options.endpoint;
  endpoint.erase(endpoint.find_last_not_of('/') + 1);
  return endpoint;
}

std::unexpected<Error> cancelled(const ModelId& id) {
  return error(Code::kCancelled, "{}: stopped; what has come is kept, pull again to go on",
               id.text());
}

Result<Listing> fetch_listing(const Transport& transport, const ModelId& id,
                              const HubOptions& options, const ProgressFn& progress) {
  const std::string url =
      fmt::format("{}/api/models/{}/revision/{}?blobs=true", endpoint_of(options), id.repo,
                  percent_encode(id.revision, false));
  std::string body;
  const auto on_response = [&](const ResponseHead& head) -> Status {
    if (head.status == 200) return {};
    return std::unexpected(http_error(head, id.text(), options));
  };
  const auto on_body = [&](std::span<const std::byte> data) -> Status {
    if (progress && !progress(Progress())) return cancelled(id);
    if (body.size() + data.size() > kMaxListingBytes) {
      return error(Code::kDataLoss, "{}: the list of files has no end", url);
    }
    body.append(reinterpret_cast<const char*>(data.data()), data.size());
    return {};
  };
  const GetRequest request{url, options.token, 0, options.idle_timeout};
  Status outcome = transport.get(request, {on_response, on_body});
  if (!outcome && outcome.error().code == Code::kUnavailable) {
    outcome.error().message += "; see HF_ENDPOINT, or HF_HUB_OFFLINE=1 for what is in the cache";
  }
  SPYRE_TRY(outcome);
  return parse_listing(body, url);
}

std::vector<RemoteFile> chosen_files(const Listing& listing, const Selection& selection) {
  std::vector<RemoteFile> files;
  for (const std::string& path : selection.files) {
    const auto file = std::ranges::find(listing.files, path, &RemoteFile::path);
    SPYRE_CHECK(file != listing.files.end());
    files.push_back(*file);
  }
  return files;
}

// Before the first byte, not after the last that fits.
Status check_room(const Cache& cache, const std::vector<RemoteFile>& files) {
  SPYRE_TRY(make_folder(cache.folder()));
  int64_t missing = 0;
  for (const RemoteFile& file : files) {
    std::error_code ignored;
    if (fs::exists(cache.blob(file.etag), ignored)) continue;
    const auto part = fs::file_size(cache.part(file.etag), ignored);
    missing += file.bytes - (ignored ? 0 : std::min(file.bytes, static_cast<int64_t>(part)));
  }
  std::error_code failure;
  const fs::space_info space = fs::space(cache.folder(), failure);
  if (!failure && std::cmp_less(space.available, missing)) {
    return error(Code::kResourceExhausted,
                 "{}: {:.1f} GB are still to come and {:.1f} GB are free; HF_HUB_CACHE names "
                 "another place",
                 cache.folder().string(), static_cast<double>(missing) / 1e9,
                 static_cast<double>(space.available) / 1e9);
  }
  return {};
}

Status fetch_files(const Transport& transport, const ModelId& id, const Listing& listing,
                   const std::vector<RemoteFile>& files, const Cache& cache,
                   const HubOptions& options, const ProgressFn& progress) {
  Progress state;
  state.files = static_cast<int>(files.size());
  for (const RemoteFile& file : files) state.bytes += file.bytes;
  for (const RemoteFile& file : files) {
    const int64_t done_before = state.done;
    const int64_t received_before = state.received;
    state.file = file.path;
    state.file_bytes = file.bytes;
    const auto report = [&](int64_t done, int64_t received) -> Status {
      state.file_done = done;
      state.done = done_before + done;
      state.received = received_before + received;
      if (progress && !progress(state)) return cancelled(id);
      return {};
    };
    const std::string url = fmt::format("{}/{}/resolve/{}/{}", endpoint_of(options), id.repo,
                                        listing.commit, percent_encode(file.path, true));
    SPYRE_TRY(fetch_blob(transport, cache, file, url, options, report));
    SPYRE_TRY(cache.link(listing.commit, file.path, file.etag));
    state.files_done += 1;
    SPYRE_TRY(report(file.bytes, state.received - received_before));
  }
  return {};
}

Result<fs::path> pull_id(const ModelId& id, const HubOptions& options, const ProgressFn& progress) {
  if (options.offline) {
    return error(Code::kUnavailable, "{}: cannot be downloaded while HF_HUB_OFFLINE is set",
                 id.text());
  }
  SPYRE_TRY_ASSIGN(const Transport transport, Transport::create());
  SPYRE_TRY_ASSIGN(const Listing listing, fetch_listing(transport, id, options, progress));
  std::vector<std::string> paths;
  paths.reserve(listing.files.size());
  for (const RemoteFile& file : listing.files) paths.push_back(file.path);
  SPYRE_TRY_ASSIGN(const Selection selection, select_files(paths, id, options.parts));
  const std::vector<RemoteFile> files = chosen_files(listing, selection);
  const Cache cache(options.cache_dir, id.repo);
  SPYRE_TRY(check_room(cache, files));
  SPYRE_TRY(fetch_files(transport, id, listing, files, cache, options, progress));
  // Last, so that a branch never stands for a commit of which only a part has come.
  SPYRE_TRY(cache.write_ref(id.revision, listing.commit));
  const fs::path snapshot = cache.snapshot(listing.commit);
  return selection.gguf.empty() ? snapshot : snapshot / selection.gguf;
}

}  // namespace

Result<fs::path> resolve(std::string_view model, const HubOptions& options,
                         const ProgressFn& progress) {
  std::error_code ignored;
  if (!model.empty() && fs::exists(model, ignored)) return fs::path(model);
  auto id = parse_model_id(model, options.revision);
  if (!id) {
    return error(id.error().code, "no such file or folder, and {}", id.error().message);
  }
  if (auto cached = find_cached(options.cache_dir, *id, options.parts)) {
    log::info("{}: {}", id->text(), cached->string());
    return *cached;
  }
  if (options.offline) {
    return error(Code::kNotFound,
                 "{}: no such file or folder, not in the cache {}, and HF_HUB_OFFLINE forbids the "
                 "download; unset it or set HF_HUB_CACHE to where the model lies",
                 id->text(), options.cache_dir.string());
  }
  log::info("{}: not in the cache {}, downloading from {}", id->text(), options.cache_dir.string(),
            options.endpoint);
  return pull_id(*id, options, progress);
}

Result<fs::path> pull(std::string_view model, const HubOptions& options,
                      const ProgressFn& progress) {
  SPYRE_TRY_ASSIGN(const ModelId id, parse_model_id(model, options.revision));
  return pull_id(id, options, progress);
}

}  // namespace spyre::hub
