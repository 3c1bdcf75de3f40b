// Models from the hub: brings one into the cache that is shared with the hub's own library, or
// finds it there without any network. What a model is made of, how a file comes and how the cache
// is laid out are said in selection.h, fetch_blob.h and cache.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "base/result.h"
#include "hub/options.h"

namespace spyre::hub {

// How far a download is. All quantities but files are bytes.
struct Progress {
  std::string_view file;  // the one in hand; empty with bytes 0 while the hub is asked for the list
  int files_done = 0;
  int files = 0;
  int64_t file_done = 0;
  int64_t file_bytes = 0;
  int64_t done = 0;  // of all files, what was already there included
  int64_t bytes = 0;
  int64_t received = 0;  // over the network, in this call
};

// Called on the calling thread, at least ten times a second. false stops the download (kCancelled);
// what has come is kept and the next run goes on from there. May be empty.
using ProgressFn = std::function<bool(const Progress&)>;

// The folder or .gguf file of MODEL: a path that exists, else a hub id found in the cache, else
// downloaded as pull does. Only the last uses the network: an id without a file name means whatever
// of it was pulled before, and the log says which.
// Errors: kInvalidArgument (neither a path nor an id), kNotFound (not cached and options.offline),
// those of pull.
Result<std::filesystem::path> resolve(std::string_view model, const HubOptions& options,
                                      const ProgressFn& progress);

// Downloads what is missing of a hub id (model_id.h) at its newest commit: one request for the list
// of files, and one for each file whose content is not in the cache.
// Errors: kInvalidArgument (id; HTTP 401, 403: HF_TOKEN), kNotFound (no such model, revision or
// file), kUnsupported (no weights that we read), kUnavailable (offline, no connection), kDataLoss
// (wrong checksum, hostile listing), kResourceExhausted (disk), kIo, kCancelled.
Result<std::filesystem::path> pull(std::string_view model, const HubOptions& options,
                                   const ProgressFn& progress);

}  // namespace spyre::hub
