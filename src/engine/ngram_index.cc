#include "engine/ngram_index.h"

#include <algorithm>

#include "base/result.h"

namespace spyre::engine {

namespace {

constexpr size_t kFirstSlots = 64;  // a power of two

// One token more, in front. The constant is SplitMix64's increment, odd and without a pattern.
uint64_t extended(uint64_t hash, int32_t token) {
  hash = (hash ^ static_cast<uint32_t>(token)) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 32);
}

}  // namespace

NgramIndex::NgramIndex(int64_t min_tokens, int64_t max_tokens) {
  SPYRE_CHECK(min_tokens >= 1 && max_tokens >= min_tokens);
  for (int64_t length = min_tokens; length <= max_tokens; ++length) {
    tables_.push_back({.length = static_cast<size_t>(length)});
    tables_.back().slots.resize(kFirstSlots, 0);
  }
}

uint64_t NgramIndex::hash_at(size_t end, size_t length) const {
  uint64_t hash = 0;
  for (size_t i = 1; i <= length; ++i) hash = extended(hash, tokens_[end - i]);
  return hash;
}

// The slot of the n-gram that ends there, or the free one where it belongs.
uint32_t& NgramIndex::slot_of(Table& table, uint64_t hash, size_t end) const {
  const size_t mask = table.slots.size() - 1;
  const auto wanted = tokens_.begin() + static_cast<ptrdiff_t>(end);
  const auto length = static_cast<ptrdiff_t>(table.length);
  for (size_t at = hash & mask;; at = (at + 1) & mask) {
    uint32_t& slot = table.slots[at];
    if (slot == 0) return slot;
    const auto found = tokens_.begin() + slot;
    if (std::equal(wanted - length, wanted, found - length)) return slot;
  }
}

void NgramIndex::grow(Table& table) const {
  std::vector<uint32_t> old(2 * table.slots.size(), 0);
  old.swap(table.slots);
  for (const uint32_t end : old) {
    if (end != 0) slot_of(table, hash_at(end, table.length), end) = end;
  }
}

void NgramIndex::append(int32_t token) {
  tokens_.push_back(token);
  const size_t end = tokens_.size();
  match_ = 0;
  uint64_t hash = 0;
  size_t hashed = 0;
  for (Table& table : tables_) {
    if (table.length > end) return;
    for (; hashed < table.length; ++hashed) hash = extended(hash, tokens_[end - 1 - hashed]);
    if (2 * (table.count + 1) > table.slots.size()) grow(table);
    uint32_t& slot = slot_of(table, hash, end);
    if (slot == 0) ++table.count;
    if (slot != 0) match_ = slot;
    slot = static_cast<uint32_t>(end);
  }
}

void NgramIndex::propose(int64_t most, std::vector<int32_t>& draft) const {
  draft.clear();
  if (match_ == 0) return;
  for (size_t i = 0; i < static_cast<size_t>(std::max<int64_t>(most, 0)); ++i) {
    const size_t from = match_ + i;
    draft.push_back(from < tokens_.size() ? tokens_[from] : draft[from - tokens_.size()]);
  }
}

}  // namespace spyre::engine
