// API keys: `Authorization: Bearer K` against the set of those that open the door. Keys are kept
// and compared as SHA-256 digests, all of them, in constant time.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spyre::serve::http {

class Keys {
 public:
  // None: no key is asked for.
  explicit Keys(std::span<const std::string> keys);

  bool required() const { return !digests_.empty(); }
  // `authorization`: the header's value; the scheme in any case.
  bool accept(std::string_view authorization) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  static Digest digest(std::string_view text);

  std::vector<Digest> digests_;
};

}  // namespace spyre::serve::http
