#include "schedule/kv_tables.h"

#include <algorithm>

namespace spyre::schedule {

KvTables::KvTables(int64_t num_blocks)
    : num_blocks_(num_blocks), pool_(static_cast<int32_t>(num_blocks), 1) {}

KvTables::Hits KvTables::find(std::span<const BlockHash> names) const {
  Hits hits;
  for (const BlockHash& name : names) {
    const std::optional<int32_t> block = pool_.find(name);
    if (!block) break;
    ++hits.blocks;
    if (!pool_.is_free(*block)) ++hits.owned;
  }
  return hits;
}

void KvTables::open(RequestId id, std::span<const BlockHash> names) {
  Entry& entry = entries_[id];
  for (const BlockHash& name : names) {
    entry.blocks.push_back(*pool_.find(name));
    pool_.add_owner(entry.blocks.back());
  }
}

void KvTables::reserve(RequestId id, int64_t blocks) {
  entries_.at(id).promised += blocks;
  reserved_ += blocks;
}

void KvTables::grow(RequestId id, int64_t blocks) {
  Entry& entry = entries_.at(id);
  while (std::ssize(entry.blocks) < blocks) {
    entry.blocks.push_back(pool_.allocate());
    if (entry.promised == 0) continue;
    --entry.promised;
    --reserved_;
  }
}

void KvTables::name(RequestId id, int64_t index, const BlockHash& hash) {
  const auto found = entries_.find(id);
  if (found == entries_.end() || index >= std::ssize(found->second.blocks)) return;
  pool_.name(found->second.blocks[static_cast<size_t>(index)], hash);
}

void KvTables::close(RequestId id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  std::vector<int32_t>& blocks = found->second.blocks;
  for (; !blocks.empty(); blocks.pop_back()) pool_.release(blocks.back());
  reserved_ -= found->second.promised;
  entries_.erase(found);
}

void KvTables::drop_front(RequestId id, int64_t count) {
  std::vector<int32_t>& blocks = entries_.at(id).blocks;
  for (int64_t i = 0; i < count; ++i) pool_.release(blocks[static_cast<size_t>(i)]);
  blocks.erase(blocks.begin(), blocks.begin() + count);
}

std::span<const int32_t> KvTables::table(RequestId id) const {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return {};
  return found->second.blocks;
}

std::map<RequestId, std::vector<int32_t>> KvTables::tables() const {
  std::map<RequestId, std::vector<int32_t>> tables;
  for (const auto& [id, entry] : entries_) tables.emplace(id, entry.blocks);
  return tables;
}

}  // namespace spyre::schedule
