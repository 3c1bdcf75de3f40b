#include "cache/entry.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "cache/sha256.h"

namespace spyre::cache {

namespace {

static_assert(std::endian::native == std::endian::little, "numbers are copied as they lie");

constexpr std::array<char, 8> kMagic = {'S', 'P', 'Y', 'R', 'E', 'G', 'C', '\0'};

struct RawPrelude {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t header_bytes;
  uint64_t payload_bytes;
};
static_assert(sizeof(RawPrelude) == kPreludeBytes);

std::unexpected<Error> damaged(std::string_view what) {
  return error(Code::kDataLoss, "damaged: {}", what);
}

std::unexpected<Error> truncated(size_t wanted, size_t found) {
  return error(Code::kDataLoss, "truncated: wanted {} bytes, found {}", wanted, found);
}

bool are_pairs_of_texts(const Json& fields) {
  return fields.is_array() && std::ranges::all_of(fields, [](const Json& each) {
           return each.is_array() && each.size() == 2 && each[0].is_string() && each[1].is_string();
         });
}

void append(std::vector<std::byte>& bytes, std::span<const std::byte> more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

}  // namespace

Result<Prelude> parse_prelude(std::span<const std::byte> bytes) {
  if (bytes.size() < kPreludeBytes) return truncated(kPreludeBytes, bytes.size());
  RawPrelude raw;
  std::memcpy(&raw, bytes.data(), sizeof(raw));
  if (raw.magic != kMagic) return damaged("it does not begin as an entry does");
  if (raw.version != kFormatVersion) {
    return error(Code::kDataLoss, "another file format: had version {}, want {}", raw.version,
                 kFormatVersion);
  }
  if (raw.header_bytes > kMostHeaderBytes || raw.payload_bytes > kMostPayloadBytes) {
    return damaged("its lengths are past the limits");
  }
  return Prelude{raw.header_bytes, raw.payload_bytes};
}

Result<Header> parse_header(std::string_view json) {
  const auto parsed = parse_json(json, "header");
  if (!parsed) return damaged(parsed.error().message);
  const bool shaped = parsed->is_object() && parsed->size() == 2 && parsed->contains("fields") &&
                      parsed->contains("about") && are_pairs_of_texts((*parsed)["fields"]) &&
                      (*parsed)["about"].is_object();
  if (!shaped) return damaged("its header is not the JSON of an entry");
  Header header{.fields = {}, .about = (*parsed)["about"]};
  for (const Json& each : (*parsed)["fields"]) {
    header.fields.fields.emplace_back(each[0].get<std::string>(), each[1].get<std::string>());
  }
  if (const Status status = check(header.fields); !status) return damaged(status.error().message);
  return header;
}

Result<EntryView> parse_entry(std::span<const std::byte> bytes) {
  SPYRE_TRY_ASSIGN(const Prelude prelude, parse_prelude(bytes));
  if (bytes.size() < prelude.total_bytes()) return truncated(prelude.total_bytes(), bytes.size());
  if (bytes.size() > prelude.total_bytes()) return damaged("there are bytes behind its end");
  const auto content = bytes.first(bytes.size() - kChecksumBytes);
  if (!std::ranges::equal(sha256(content), bytes.last(kChecksumBytes))) return damaged("checksum");
  const auto json = content.subspan(kPreludeBytes, prelude.header_bytes);
  SPYRE_TRY_ASSIGN(Header header,
                   parse_header({reinterpret_cast<const char*>(json.data()), json.size()}));
  return EntryView{std::move(header), content.last(prelude.payload_bytes)};
}

Result<std::vector<std::byte>> encode(const Entry& entry) {
  SPYRE_TRY(check(entry.fields));
  Json fields = Json::array();
  for (const auto& [name, value] : entry.fields.fields) {
    fields.push_back(Json::array({name, value}));
  }
  const Json header = {{"fields", std::move(fields)},
                       {"about", entry.about.is_object() ? entry.about : Json::object()}};
  const std::string json = header.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (json.size() > kMostHeaderBytes || entry.payload.size() > kMostPayloadBytes) {
    return error(Code::kInvalidArgument,
                 "wanted an entry of at most {} bytes of header and {} of code, found {} and {}",
                 kMostHeaderBytes, kMostPayloadBytes, json.size(), entry.payload.size());
  }
  const RawPrelude raw{kMagic, kFormatVersion, static_cast<uint32_t>(json.size()),
                       entry.payload.size()};
  std::vector<std::byte> bytes;
  bytes.reserve(Prelude{json.size(), entry.payload.size()}.total_bytes());
  append(bytes, std::as_bytes(std::span(&raw, 1)));
  append(bytes, std::as_bytes(std::span(json)));
  append(bytes, entry.payload);
  append(bytes, sha256(bytes));
  return bytes;
}

}  // namespace spyre::cache
