// The hub's list of files, and the spelling of a model's name: any bytes give a value or an error,
// and no accepted name leads out of its folder.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "hub/listing.h"
#include "hub/model_id.h"
#include "hub/selection.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t bytes) {
  const std::string_view text(reinterpret_cast<const char*>(data), bytes);
  if (const auto id = spyre::hub::parse_model_id(text, "")) {
    SPYRE_CHECK(!id->repo.contains("..") && spyre::hub::is_safe_path(id->revision));
  }
  const auto listing = spyre::hub::parse_listing(text, "the hub");
  if (!listing) return 0;
  std::vector<std::string> paths;
  for (const auto& file : listing->files) {
    SPYRE_CHECK(file.bytes >= 0 && spyre::hub::is_safe_path(file.path));
    paths.push_back(file.path);
  }
  for (const char* wanted : {"", "Q4_0", "a.gguf"}) {
    const auto chosen = spyre::hub::select_files(paths, {.repo = "org/name", .gguf = wanted});
    SPYRE_CHECK(!chosen || !chosen->files.empty());
  }
  return 0;
}
