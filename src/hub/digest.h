// The checksum that a blob is named by: SHA-256 of its content for large files, the git blob id
// (SHA-1 of "blob <bytes>\0" and the content) for the others.
#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace spyre::hub {

class Digest {
 public:
  // etag: 64 or 40 hex digits, which says the kind; bytes: of the whole content.
  Digest(std::string_view etag, int64_t bytes);

  void update(std::span<const std::byte> data);

  // Lower-case hex digits of all that was given. Once.
  std::string finish();

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

}  // namespace spyre::hub
