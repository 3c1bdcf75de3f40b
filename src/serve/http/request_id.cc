#include "serve/http/request_id.h"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <array>

namespace spyre::serve::http {

namespace {
constexpr size_t kLongest = 128;
}

std::string request_id(std::string_view given) {
  std::string id;
  for (const char letter : given) {
    const bool harmless = letter > ' ' && letter < 0x7f && letter != '"' && letter != '\\';
    if (harmless && id.size() < kLongest) id += letter;
  }
  if (!id.empty()) return id;
  std::array<unsigned char, 16> bytes{};
  // Cannot fail once the library's generator is seeded; an id of zeros would do no harm either.
  static_cast<void>(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())));
  for (const unsigned char byte : bytes) id += fmt::format("{:02x}", byte);
  return id;
}

}  // namespace spyre::serve::http
