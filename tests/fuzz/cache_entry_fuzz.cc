// A file of the graph cache: any bytes give an error with a reason, or an entry whose fields have a
// key and which is written as it was read, as far as it says the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "cache/entry.h"
#include "cache/sha256.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  using namespace spyre;
  const auto input = std::as_bytes(std::span(data, bytes));
  // A fuzzer cannot guess a checksum: it is put right, so that what lies behind it is reached, too.
  std::vector<std::byte> mended(input.begin(), input.end());
  if (bytes > cache::kChecksumBytes) {
    const auto content = std::span(mended).first(bytes - cache::kChecksumBytes);
    std::ranges::copy(cache::sha256(content), mended.end() - cache::kChecksumBytes);
  }
  for (const std::span<const std::byte> each : {input, std::span<const std::byte>(mended)}) {
    const auto view = cache::parse_entry(each);
    if (!view) {
      SPYRE_CHECK(view.error().code == Code::kDataLoss && !view.error().message.empty());
      continue;
    }
    SPYRE_CHECK(view->payload.size() < each.size());
    SPYRE_CHECK(cache::is_key(view->header.fields.key()));
    const cache::Entry entry{.fields = view->header.fields,
                             .about = view->header.about,
                             .payload = {view->payload.begin(), view->payload.end()}};
    const auto again = cache::encode(entry);
    SPYRE_CHECK(again.has_value());
    const auto reread = cache::parse_entry(*again);
    SPYRE_CHECK(reread.has_value() && reread->header.fields == entry.fields);
    SPYRE_CHECK(std::ranges::equal(reread->payload, entry.payload));
  }
  return 0;
}
