// What was written to each KV block, by plan: so that a test can say whether a request still finds
// its own tokens there, whoever the scheduler gave the blocks to meanwhile.
#pragma once

#include <cstring>
#include <map>
#include <span>
#include <vector>

#include "schedule/block_hash.h"

namespace spyre::schedule::testing {

// The tokens of a request, known by what they and all before them are: two stories with the same
// value at n have the same first n tokens.
class Story {
 public:
  // The first `shared` of `tokens` tokens are those of a text that others begin with, too.
  Story(uint64_t text, int64_t shared, uint64_t own, int64_t tokens) {
    values_.push_back(0);
    for (int64_t i = 0; i < tokens; ++i) {
      values_.push_back(mix(values_.back(), 2 * (i < shared ? text : own) + (i < shared ? 0 : 1)));
    }
  }

  uint64_t first(int64_t tokens) const { return values_[static_cast<size_t>(tokens)]; }
  // Of block `index` of 64 tokens.
  BlockHash name(int64_t index) const {
    BlockHash name;
    const uint64_t value = first(64 * (index + 1));
    std::memcpy(name.bytes.data(), &value, sizeof(value));
    return name;
  }

 private:
  // splitmix64: a value and what follows it give another that no test meets twice.
  static uint64_t mix(uint64_t before, uint64_t token) {
    uint64_t x = before + 0x9e3779b97f4a7c15U * (token + 1);
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
  }

  std::vector<uint64_t> values_;  // [tokens + 1]
};

// Where a request's tokens lie: token i in slot begin + i of its blocks, 64 to a block.
struct Place {
  std::span<const int32_t> table;
  int64_t begin = 0;
};

class BlockLedger {
 public:
  // Tokens [first, first + count) are written. False: there is no block for one, or one does not
  // follow what its block holds of the story.
  bool write(const Place& place, const Story& story, int64_t first, int64_t count) {
    for (int64_t token = first; token < first + count;) {
      const int64_t slot = place.begin + token;
      if (slot / 64 >= std::ssize(place.table)) return false;
      const int64_t next = std::min(first + count, 64 * (slot / 64 + 1) - place.begin);
      Content& content = contents_[block_of(place, slot)];
      const bool starts = slot % 64 == 0 || token == 0;
      const bool follows = content.end == slot % 64 && content.value == story.first(token);
      if (!starts && !follows) return false;
      content = {.end = slot % 64 + next - token, .value = story.first(next)};
      token = next;
    }
    return true;
  }

  // Whether the first `count` tokens can be read.
  bool holds(const Place& place, const Story& story, int64_t count) const {
    for (int64_t token = 0; token < count;) {
      const int64_t slot = place.begin + token;
      if (slot / 64 >= std::ssize(place.table)) return false;
      const int64_t next = std::min(count, 64 * (slot / 64 + 1) - place.begin);
      const auto content = contents_.find(block_of(place, slot));
      if (content == contents_.end() || content->second.end != slot % 64 + next - token ||
          content->second.value != story.first(next)) {
        return false;
      }
      token = next;
    }
    return true;
  }

 private:
  struct Content {
    int64_t end = 0;     // slots before it are written
    uint64_t value = 0;  // of the story at its last token
  };

  static int32_t block_of(const Place& place, int64_t slot) {
    return place.table[static_cast<size_t>(slot / 64)];
  }

  std::map<int32_t, Content> contents_;
};

}  // namespace spyre::schedule::testing
