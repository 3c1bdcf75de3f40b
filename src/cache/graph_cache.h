// Compiled graphs on disk: one file per program, named by the hash of what it was compiled for. Any
// number of processes and threads may use a folder at once. It knows no graph and no compiler: code
// is bytes here. A file that is damaged or that someone else could have written is a miss with a
// warning, never an error and never believed: the caller compiles again and stores over it.
// docs/graph_cache.md has the rules.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cache/entry.h"
#include "cache/folder.h"

namespace spyre::cache {

// Why there was no entry, in words for a metric; Lookup::reason has the details.
enum class Miss : uint8_t {
  kNone,     // it was a hit
  kNoEntry,  // nothing of this program
  kOther,    // this program, compiled for something else
  kDamaged,  // not the bytes that were stored
  kForeign,  // owner or permissions: someone else may have written it
  kUnreadable,
};
std::string_view name(Miss miss);  // "none", "no_entry", "other", "damaged", "foreign", ...

// Called now and then with bytes done and bytes in total; false ends the work with kCancelled.
using Progress = std::function<bool(int64_t done_bytes, int64_t total_bytes)>;

class GraphCache {
 public:
  // kNotFound, kInvalidArgument, kIo: folder.h. A folder that cannot be written is fine for load();
  // the log says so.
  static Result<GraphCache> open(const std::filesystem::path& folder,
                                 IfAbsent if_absent = IfAbsent::kMake);

  const std::filesystem::path& path() const;
  bool writable() const;

  struct Lookup {
    std::optional<Entry> entry;
    Miss miss = Miss::kNone;
    std::string reason;  // of a miss: "no entry", "compiled for another cpu: had X, want Y", ...
  };
  // A hit marks the file as used now.
  Lookup load(const KeyFields& wanted);

  // Replaces what is there under the same key. kInvalidArgument: encode() refuses it. kUnavailable:
  // the folder is not writable. kIo: a full disk and the like, with nothing left behind.
  Status store(const Entry& entry);

  struct Item {
    std::string key;
    int64_t bytes = 0;
    std::chrono::system_clock::time_point used;  // 0 where it may not be looked at
    Header header;                               // empty where there is a problem
    std::string problem;                         // why it would not be used; empty: none was found
  };
  // All entries by key, from their headers alone: quick, and blind to damage of the code. kIo.
  Result<std::vector<Item>> list();
  // The same, with every byte read and checked.
  Result<std::vector<Item>> verify(const Progress& progress);

  struct PruneOptions {
    std::optional<int64_t> max_bytes;         // the longest unused go until the rest fits
    std::optional<std::chrono::seconds> age;  // goes when not used for longer
    // Goes when it has a field of this name and another value: other CPUs, other versions.
    std::vector<std::pair<std::string, std::string>> only;
  };
  struct PruneReport {
    std::vector<std::pair<Item, std::string>> removed;  // and why
    int leftovers = 0;                                  // of writers that ended too early
    int64_t kept_entries = 0;
    int64_t kept_bytes = 0;
  };
  // Removes what can never be used (damaged, foreign, leftovers) and what the options say.
  // kUnavailable: the folder is not writable.
  Result<PruneReport> prune(const PruneOptions& options, const Progress& progress);

  struct TransferReport {
    int64_t entries = 0;  // written
    int64_t bytes = 0;
    int64_t present = 0;               // import: were there already, in order
    std::vector<std::string> refused;  // a line each: which, and why
  };
  // All good entries, one after the other, in one file (mode 0600), which appears when it is
  // complete. kIo; kInvalidArgument: something that is no regular file is in its place.
  Result<TransferReport> export_to(const std::filesystem::path& file, const Progress& progress);
  // Adds each good entry of such a file. Names come from the entries' own fields, so nothing is
  // written elsewhere. A refused entry does not stop the others, unless its length is unknown. The
  // file's code is as trustworthy as its sender: that is for the caller to know. kNotFound, kIo,
  // kInvalidArgument (no regular file), kUnavailable.
  Result<TransferReport> import_from(const std::filesystem::path& file, const Progress& progress);

 private:
  struct State;
  struct Release {
    void operator()(State* state) const;
  };
  explicit GraphCache(std::unique_ptr<State, Release> state) : state_(std::move(state)) {}

  std::string why_missing(const KeyFields& wanted, Miss& miss);
  Result<Item> inspect(const std::string& key, bool whole);

  std::unique_ptr<State, Release> state_;
};

}  // namespace spyre::cache
