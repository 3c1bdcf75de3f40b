// One entry as bytes, the same in a cache folder and in an export file:
//
//   8 bytes   magic, "SPYREGC" and a zero
//   u32       format version, 1
//   u32       bytes of the header
//   u64       bytes of the payload           (numbers are little-endian)
//   header    JSON: {"fields": [["program", "..."], ...], "about": {...}}
//   payload   code, opaque
//   32 bytes  SHA-256 of all of the above
//
// The lengths come first, so entries can follow one another in a file. Nothing here touches a disk;
// all of it takes any bytes. A checksum finds damage; that the file's owner may be trusted is
// folder.h's matter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cache/key_fields.h"

namespace spyre::cache {

inline constexpr uint32_t kFormatVersion = 1;
inline constexpr size_t kPreludeBytes = 24;
inline constexpr size_t kChecksumBytes = 32;
inline constexpr size_t kMostHeaderBytes = size_t{2} << 20;
inline constexpr size_t kMostPayloadBytes = size_t{1} << 30;

struct Entry {
  KeyFields fields;
  Json about = Json::object();  // for people: the program's parts, seconds of compilation
  std::vector<std::byte> payload;
};

// What comes before the header.
struct Prelude {
  size_t header_bytes;
  size_t payload_bytes;
  size_t total_bytes() const {
    return kPreludeBytes + header_bytes + payload_bytes + kChecksumBytes;
  }
};

struct Header {
  KeyFields fields;
  Json about = Json::object();
};

// An entry inside bytes that outlive it.
struct EntryView {
  Header header;
  std::span<const std::byte> payload;
};

// bytes: at least the first kPreludeBytes of an entry. The lengths are within the limits above.
// kDataLoss: no entry, truncated, a format that this version does not read, lengths past the
// limits.
Result<Prelude> parse_prelude(std::span<const std::byte> bytes);

// The JSON between prelude and payload; the checksum is not looked at. kDataLoss: anything else.
Result<Header> parse_header(std::string_view json);

// bytes: one whole entry and nothing behind it. kDataLoss: all of the above, a wrong length, a
// wrong checksum.
Result<EntryView> parse_entry(std::span<const std::byte> bytes);

// kInvalidArgument: fields that check() refuses, header or payload past the limits.
Result<std::vector<std::byte>> encode(const Entry& entry);

}  // namespace spyre::cache
