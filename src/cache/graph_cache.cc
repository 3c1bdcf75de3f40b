#include "cache/graph_cache.h"

#include <algorithm>

#include "base/log.h"
#include "cache/state.h"

namespace spyre::cache {

namespace {

Miss miss_of(Code code) {
  switch (code) {
    case Code::kDataLoss:
      return Miss::kDamaged;
    case Code::kInvalidArgument:
      return Miss::kForeign;
    default:
      return Miss::kUnreadable;
  }
}

size_t equal_fields(const KeyFields& had, const KeyFields& want) {
  return static_cast<size_t>(std::ranges::count_if(want.fields, [&](const auto& field) {
    const std::string* other = had.find(field.first);
    return other != nullptr && *other == field.second;
  }));
}

}  // namespace

std::string_view name(Miss miss) {
  switch (miss) {
    case Miss::kNone:
      return "none";
    case Miss::kNoEntry:
      return "no_entry";
    case Miss::kOther:
      return "other";
    case Miss::kDamaged:
      return "damaged";
    case Miss::kForeign:
      return "foreign";
    case Miss::kUnreadable:
      return "unreadable";
  }
  return {};
}

void GraphCache::Release::operator()(State* state) const { delete state; }

Result<GraphCache> GraphCache::open(const std::filesystem::path& folder, IfAbsent if_absent) {
  SPYRE_TRY_ASSIGN(Folder opened, Folder::open(folder, if_absent));
  if (!opened.writable()) {
    log::info("graph cache {}: read-only; what is compiled is not kept", folder.string());
  }
  return GraphCache(std::unique_ptr<State, Release>(new State(std::move(opened))));
}

const std::filesystem::path& GraphCache::path() const { return state_->folder.path(); }
bool GraphCache::writable() const { return state_->folder.writable(); }

GraphCache::Lookup GraphCache::load(const KeyFields& wanted) {
  Lookup lookup;
  const std::string key = wanted.key();
  auto loaded = load_file(state_->folder, key);
  if (!loaded && loaded.error().code == Code::kNotFound) {
    lookup.reason = why_missing(wanted, lookup.miss);
    return lookup;
  }
  if (!loaded) {
    lookup.miss = miss_of(loaded.error().code);
    lookup.reason = loaded.error().message;
    log::warn("graph cache {}: {} ({}) is not used: {}", path().string(), file_name(key),
              wanted.program(), lookup.reason);
    return lookup;
  }
  const EntryView& view = loaded->view;
  lookup.entry = Entry{.fields = view.header.fields,
                       .about = view.header.about,
                       .payload = {view.payload.begin(), view.payload.end()}};
  if (writable()) Folder::mark_used(loaded->file);
  return lookup;
}

// Compares with the entry of the same program that has most in common.
std::string GraphCache::why_missing(const KeyFields& wanted, Miss& miss) {
  miss = Miss::kNoEntry;
  const auto keys = keys_in(state_->folder);
  if (!keys) return "no entry";
  const std::scoped_lock lock(state_->mutex);
  const KeyFields* nearest = nullptr;
  for (const std::string& key : *keys) {
    auto known = state_->seen.find(key);
    if (known == state_->seen.end()) {
      const auto item = inspect(key, false);
      if (!item || !item->problem.empty()) continue;
      known = state_->seen.emplace(key, item->header.fields).first;
    }
    const KeyFields& fields = known->second;
    if (fields.program() != wanted.program()) continue;
    if (nearest == nullptr || equal_fields(fields, wanted) > equal_fields(*nearest, wanted)) {
      nearest = &fields;
    }
  }
  if (nearest == nullptr) return "no entry";
  miss = Miss::kOther;
  return difference(*nearest, wanted);
}

Status GraphCache::store(const Entry& entry) {
  SPYRE_TRY_ASSIGN(const auto bytes, encode(entry));
  return state_->folder.write(file_name(entry.fields.key()), bytes);
}

}  // namespace spyre::cache
