// What a repository holds at a revision, as the hub's answer says it. The answer is untrusted: a
// name that would leave its folder, or a checksum that is none, makes the whole listing an error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace spyre::hub {

struct RemoteFile {
  std::string path;   // in the repository, slashes between its parts
  int64_t bytes = 0;  // of the content
  // Names the blob in the cache and checks it: SHA-256 of the content (64 hex digits, large files)
  // or the git blob id (40 hex digits).
  std::string etag;
};

struct Listing {
  std::string commit;  // 40 hex digits
  std::vector<RemoteFile> files;
};

// json: the answer to GET /api/models/{repo}/revision/{revision}?blobs=true; source names it in
// errors. Errors: kDataLoss (not that answer, an unsafe name, a file twice, no size or checksum).
Result<Listing> parse_listing(std::string_view json, std::string_view source);

}  // namespace spyre::hub
