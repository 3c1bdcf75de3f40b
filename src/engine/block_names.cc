// name of a block = SHA-256(name of the block before | its tokens); before the first: of the salt.
#include "engine/block_names.h"

#include <array>
#include <cstring>

#include "cache/sha256.h"
#include "schedule/shape.h"

namespace spyre::engine {

namespace {

schedule::BlockHash hash_of(std::span<const std::byte> first, std::span<const std::byte> second) {
  const std::array<std::span<const std::byte>, 2> parts = {first, second};
  const cache::Sha256 digest = cache::sha256(parts);
  schedule::BlockHash name;
  static_assert(sizeof(digest) == sizeof(name.bytes));
  std::memcpy(name.bytes.data(), digest.data(), digest.size());
  return name;
}

}  // namespace

BlockNames::BlockNames(const std::optional<std::string>& salt) {
  static_assert(kTokens == schedule::kBlockTokens);
  if (salt) last_ = hash_of(std::as_bytes(std::span(*salt)), {});
  partial_.reserve(kTokens);
}

std::vector<schedule::BlockHash> BlockNames::append(std::span<const int32_t> tokens) {
  std::vector<schedule::BlockHash> names;
  names.reserve((partial_.size() + tokens.size()) / kTokens);
  for (const int32_t token : tokens) {
    partial_.push_back(token);
    if (std::ssize(partial_) < kTokens) continue;
    last_ = hash_of(std::as_bytes(std::span(last_.bytes)), std::as_bytes(std::span(partial_)));
    names.push_back(last_);
    partial_.clear();
    ++full_blocks_;
  }
  return names;
}

}  // namespace spyre::engine
