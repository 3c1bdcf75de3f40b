#include "hub/listing.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "hub/model_id.h"

namespace spyre::hub {

namespace {

// The text of a member, empty when it is absent or something else.
std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// A name as a message can show it: control characters of a hostile name do not reach the terminal.
std::string shown(std::string_view name) {
  std::string text(name.substr(0, 200));
  std::ranges::replace_if(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return text;
}

Result<RemoteFile> parse_file(const Json& entry, std::string_view source) {
  if (!entry.is_object()) return error(Code::kDataLoss, "{}: 'siblings' holds no objects", source);
  RemoteFile file;
  file.path = text_of(entry, "rfilename");
  if (!is_safe_path(file.path)) {
    return error(Code::kDataLoss, "{}: refused, a file is named '{}'", source, shown(file.path));
  }
  const auto lfs = entry.find("lfs");
  const bool large = lfs != entry.end() && lfs->is_object();
  const Json& sized = large && lfs->contains("size") ? *lfs : entry;
  const auto bytes = sized.find("size");
  if (bytes == sized.end() || !bytes->is_number_integer() || *bytes < 0 || *bytes > INT64_MAX / 2) {
    return error(Code::kDataLoss, "{}: '{}' has no usable size", source, shown(file.path));
  }
  file.bytes = bytes->get<int64_t>();
  file.etag = large ? text_of(*lfs, "sha256") : text_of(entry, "blobId");
  if (large ? !is_sha256(file.etag) : !is_commit(file.etag)) {
    return error(Code::kDataLoss,
                 "{}: '{}' has no usable checksum ('{}'); HF_ENDPOINT must be a hub that answers "
                 "blobs=true",
                 source, shown(file.path), shown(file.etag));
  }
  return file;
}

}  // namespace

Result<Listing> parse_listing(std::string_view json, std::string_view source) {
  auto answer = parse_json(json, source);
  if (!answer) return error(Code::kDataLoss, "{}", answer.error().message);
  if (!answer->is_object()) return error(Code::kDataLoss, "{}: not a JSON object", source);
  Listing listing;
  listing.commit = text_of(*answer, "sha");
  if (!is_commit(listing.commit)) {
    return error(Code::kDataLoss, "{}: wanted a commit of 40 hex digits in 'sha', found '{}'",
                 source, shown(listing.commit));
  }
  const auto siblings = answer->find("siblings");
  if (siblings == answer->end() || !siblings->is_array()) {
    return error(Code::kDataLoss, "{}: no list 'siblings'", source);
  }
  std::set<std::string> seen;
  for (const Json& entry : *siblings) {
    SPYRE_TRY_ASSIGN(RemoteFile file, parse_file(entry, source));
    if (!seen.insert(file.path).second) {
      return error(Code::kDataLoss, "{}: '{}' is listed twice", source, file.path);
    }
    listing.files.push_back(std::move(file));
  }
  return listing;
}

}  // namespace spyre::hub
