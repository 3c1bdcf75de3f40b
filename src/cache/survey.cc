// Looking at entries: all of them by their headers, or each of them whole.
#include "cache/state.h"

namespace spyre::cache {

namespace {

constexpr std::string_view kSuffix = ".spyre";

}  // namespace

std::string file_name(const std::string& key) { return key + std::string(kSuffix); }

std::unexpected<Error> cancelled() { return error(Code::kCancelled, "interrupted"); }

Result<std::vector<std::string>> keys_in(const Folder& folder) {
  SPYRE_TRY_ASSIGN(auto names, folder.names());
  std::vector<std::string> keys;
  for (std::string& name : names) {
    if (!name.ends_with(kSuffix)) continue;
    name.resize(name.size() - kSuffix.size());
    if (is_key(name)) keys.push_back(std::move(name));
  }
  return keys;
}

namespace {

// The lengths of the entry at `offset`, which fit into the file.
Result<Prelude> read_prelude(const Descriptor& file, size_t offset, size_t file_bytes) {
  const size_t rest = file_bytes - offset;
  SPYRE_TRY_ASSIGN(const auto first, read_at(file, offset, std::min(rest, kPreludeBytes)));
  SPYRE_TRY_ASSIGN(const Prelude prelude, parse_prelude(first));
  if (prelude.total_bytes() > rest) {
    return error(Code::kDataLoss, "truncated: wanted {} bytes, found {}", prelude.total_bytes(),
                 rest);
  }
  return prelude;
}

std::unexpected<Error> other_name() {
  return error(Code::kDataLoss, "damaged: its fields are not those of its name");
}

}  // namespace

Result<std::vector<std::byte>> read_entry(const Descriptor& file, size_t offset,
                                          size_t file_bytes) {
  SPYRE_TRY_ASSIGN(const Prelude prelude, read_prelude(file, offset, file_bytes));
  return read_at(file, offset, prelude.total_bytes());
}

Result<Header> read_header(const Descriptor& file, size_t file_bytes) {
  SPYRE_TRY_ASSIGN(const Prelude prelude, read_prelude(file, 0, file_bytes));
  if (prelude.total_bytes() != file_bytes) {
    return error(Code::kDataLoss, "damaged: there are bytes behind its end");
  }
  SPYRE_TRY_ASSIGN(const auto json, read_at(file, kPreludeBytes, prelude.header_bytes));
  return parse_header({reinterpret_cast<const char*>(json.data()), json.size()});
}

Result<Loaded> load_file(const Folder& folder, const std::string& key) {
  SPYRE_TRY_ASSIGN(OpenFile file, folder.open_file(file_name(key)));
  SPYRE_TRY_ASSIGN(auto bytes, read_entry(file.descriptor, 0, file.bytes));
  if (bytes.size() != file.bytes) {
    return error(Code::kDataLoss, "damaged: there are bytes behind its end");
  }
  SPYRE_TRY_ASSIGN(EntryView view, parse_entry(bytes));
  if (view.header.fields.key() != key) return other_name();
  return Loaded{std::move(file), std::move(bytes), std::move(view)};
}

// Only a folder that cannot be read is an error: an entry that cannot is one with a problem.
Result<GraphCache::Item> GraphCache::inspect(const std::string& key, bool whole) {
  Item item{.key = key, .bytes = 0, .used = {}, .header = {}, .problem = {}};
  auto file = state_->folder.open_file(file_name(key));
  if (!file) {
    if (file.error().code == Code::kNotFound) return std::unexpected(file.error());
    item.problem = file.error().message;
    return item;
  }
  item.bytes = static_cast<int64_t>(file->bytes);
  item.used = file->used;
  auto header = read_header(file->descriptor, file->bytes);
  if (header && header->fields.key() != key) header = other_name();
  if (header && whole) {
    if (const auto loaded = load_file(state_->folder, key); !loaded) {
      header = std::unexpected(loaded.error());
    }
  }
  if (header) {
    item.header = std::move(*header);
  } else {
    item.problem = header.error().message;
  }
  return item;
}

Result<std::vector<GraphCache::Item>> GraphCache::list() {
  SPYRE_TRY_ASSIGN(const auto keys, keys_in(state_->folder));
  std::vector<Item> items;
  for (const std::string& key : keys) {
    auto item = inspect(key, false);
    if (item) items.push_back(std::move(*item));  // else it has just been removed
  }
  return items;
}

Result<std::vector<GraphCache::Item>> GraphCache::verify(const Progress& progress) {
  SPYRE_TRY_ASSIGN(auto items, list());
  int64_t total = 0;
  for (const Item& item : items) total += item.bytes;
  int64_t done = 0;
  std::vector<Item> checked;
  for (const Item& item : items) {
    if (!progress(done, total)) return cancelled();
    auto whole = inspect(item.key, true);
    if (whole) checked.push_back(std::move(*whole));
    done += item.bytes;
  }
  return checked;
}

}  // namespace spyre::cache
