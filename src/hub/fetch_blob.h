// Brings one file's content into the cache: takes the lock, goes on where an earlier run stopped,
// tries again after a cut, checks the checksum.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "hub/cache.h"
#include "hub/listing.h"
#include "hub/options.h"
#include "hub/transport.h"

namespace spyre::hub {

// done: bytes of the file that are there; received: those that came over the network in this call.
// An error ends the transfer; what came stays for the next run. Called at least ten times a second.
using BlobProgress = std::function<Status(int64_t done, int64_t received)>;

// After success cache.blob(file.etag) holds the content. No request is sent when it already does.
// Errors: kDataLoss (wrong checksum or length: the content is removed), kUnavailable (no
// connection, after options.retries attempts), those of http_error, kIo, kResourceExhausted (disk
// full), and what progress gave.
Status fetch_blob(const Transport& transport, const Cache& cache, const RemoteFile& file,
                  const std::string& url, const HubOptions& options, const BlobProgress& progress);

}  // namespace spyre::hub
