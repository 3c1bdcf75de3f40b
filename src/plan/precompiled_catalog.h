// Which models a graph cache was filled for, as whoever filled it wrote down: the files that
// VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS=1 wants beside the compiled graphs. They are information
// only: what is not in the cache is found out when it is looked for. docs/known_configurations.md
// shows both files.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plan/known_run.h"

namespace spyre::plan {

inline constexpr std::string_view kCatalogFile = "pre_compiled_cache_catalog.json";
inline constexpr std::string_view kCompileLogFile = "model_compile.log.json";

// One model, compiled for one configuration. What an entry does not say is absent.
struct PrecompiledEntry {
  std::string version;  // of the engine that compiled it
  std::string model_name;
  std::optional<int64_t> num_aius;
  std::optional<int64_t> max_context_len;  // of a batch with changing members, as is the next
  std::optional<int64_t> max_batch_size;
  std::vector<int64_t> prompt_lens;  // of static batching, as are the next two; zipped by index
  std::vector<int64_t> new_tokens;   // newer catalogues do not say
  std::vector<int64_t> batch_sizes;
};

struct PrecompiledCatalog {
  std::string source;
  std::vector<PrecompiledEntry> entries;
};

// A list of entries, or one; {} is none. kInvalidArgument, with the source: no JSON, or neither.
// Fields of another kind than wanted make an entry that matches nothing.
Result<PrecompiledCatalog> parse_precompiled_catalog(std::string_view text,
                                                     std::string_view source);

// The text of a catalogue with this entry in it, at its end when it is new; text: of a catalogue,
// empty where there is none yet. Whatever else it says stays. Errors: those of
// parse_precompiled_catalog().
Result<std::string> add_to_catalog(std::string_view text, std::string_view source,
                                   const PrecompiledEntry& entry);

// What a run leaves in the cache.
PrecompiledEntry entry_of(std::string_view version, std::string_view model_name,
                          const RunShape& run);

struct CacheSettings {
  bool enabled = false;
  std::filesystem::path folder;
};

// The catalogue of the folder, the log of one compilation where there is none. kInvalidArgument:
// the cache is off, its folder is none, the file is none or no JSON; kNotFound: neither is there.
Result<PrecompiledCatalog> read_precompiled_catalog(const CacheSettings& cache);

// Warnings about what is about to run, an empty list where an entry is all that one could wish for.
std::vector<std::string> precompiled_warnings(const PrecompiledCatalog& catalog,
                                              std::string_view model_name, const RunShape& run,
                                              std::string_view version);

}  // namespace spyre::plan
