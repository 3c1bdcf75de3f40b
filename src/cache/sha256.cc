#include "cache/sha256.h"

#include <openssl/evp.h>

#include <memory>

#include "base/result.h"

namespace spyre::cache {

Sha256 sha256(std::span<const std::span<const std::byte>> parts) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  SPYRE_CHECK(context != nullptr);
  SPYRE_CHECK(EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1);
  for (const auto part : parts) {
    SPYRE_CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  Sha256 sum;
  SPYRE_CHECK(EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(sum.data()),
                                 nullptr) == 1);
  return sum;
}

std::string hex(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte each : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(each));
  return text;
}

}  // namespace spyre::cache
