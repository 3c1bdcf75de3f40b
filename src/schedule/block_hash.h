// The name of a KV block's content: a hash of all tokens from the sequence's start to the block's
// end. Equal names, equal keys and values. Who makes names, and with which hash, is not known here;
// it must be one that nobody can make collide (requests of strangers share blocks by it).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

namespace spyre::schedule {

struct BlockHash {
  std::array<uint8_t, 32> bytes = {};
  auto operator<=>(const BlockHash&) const = default;
};

}  // namespace spyre::schedule

template <>
struct std::hash<spyre::schedule::BlockHash> {
  size_t operator()(const spyre::schedule::BlockHash& name) const {
    size_t part = 0;
    std::memcpy(&part, name.bytes.data(), sizeof(part));
    return part;
  }
};
