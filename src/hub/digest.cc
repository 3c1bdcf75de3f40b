#include "hub/digest.h"

#include <fmt/format.h>

#include <array>

#include "base/result.h"

namespace spyre::hub {

Digest::Digest(std::string_view etag, int64_t bytes) : context_(EVP_MD_CTX_new()) {
  const bool git = etag.size() == 40;
  SPYRE_CHECK(context_ != nullptr);
  SPYRE_CHECK(EVP_DigestInit_ex(context_.get(), git ? EVP_sha1() : EVP_sha256(), nullptr) == 1);
  if (!git) return;
  const std::string head = fmt::format("blob {}", bytes);
  update(std::as_bytes(std::span(head.c_str(), head.size() + 1)));
}

void Digest::update(std::span<const std::byte> data) {
  SPYRE_CHECK(EVP_DigestUpdate(context_.get(), data.data(), data.size()) == 1);
}

std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw;
  unsigned int bytes = 0;
  SPYRE_CHECK(EVP_DigestFinal_ex(context_.get(), raw.data(), &bytes) == 1);
  std::string hex;
  for (unsigned int i = 0; i < bytes; ++i) hex += fmt::format("{:02x}", raw[i]);
  return hex;
}

}  // namespace spyre::hub
