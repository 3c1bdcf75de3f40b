#include "serve/http/keys.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "serve/http/text.h"

namespace spyre::serve::http {

Keys::Keys(std::span<const std::string> keys) {
  for (const std::string& key : keys) digests_.push_back(digest(key));
}

Keys::Digest Keys::digest(std::string_view text) {
  Digest bytes{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data());
  return bytes;
}

bool Keys::accept(std::string_view authorization) const {
  if (!required()) return true;
  const std::string_view value = trimmed(authorization);
  const size_t blank = value.find(' ');
  if (blank == std::string_view::npos) return false;
  const Digest given = digest(trimmed(value.substr(blank + 1)));
  int matches = 0;
  for (const Digest& each : digests_) {
    matches |= static_cast<int>(CRYPTO_memcmp(each.data(), given.data(), given.size()) == 0);
  }
  return equal_ignoring_case(value.substr(0, blank), "bearer") && matches != 0;
}

}  // namespace spyre::serve::http
