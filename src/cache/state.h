// What the sources of GraphCache share.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "cache/graph_cache.h"

namespace spyre::cache {

struct GraphCache::State {
  explicit State(Folder opened) : folder(std::move(opened)) {}

  Folder folder;
  std::mutex mutex;  // guards seen
  // Fields of the entries that were looked at when a program was missing. A key never stands for
  // other fields, so what is here stays true.
  std::map<std::string, KeyFields> seen;
};

std::string file_name(const std::string& key);

// Keys of the folder's entries, sorted.
Result<std::vector<std::string>> keys_in(const Folder& folder);

// An entry's bytes from `offset` of a file that has so many bytes; lengths are checked against it
// before memory is taken. kDataLoss, kIo.
Result<std::vector<std::byte>> read_entry(const Descriptor& file, size_t offset, size_t file_bytes);

// The header alone; what is behind it only counts by its length. kDataLoss, kIo.
Result<Header> read_header(const Descriptor& file, size_t file_bytes);

// The whole file of a key, whose fields have this key.
struct Loaded {
  OpenFile file;
  std::vector<std::byte> bytes;
  EntryView view;  // into bytes
};
Result<Loaded> load_file(const Folder& folder, const std::string& key);

std::unexpected<Error> cancelled();

}  // namespace spyre::cache
