// The folder of one repository in the hub's cache, laid out as the hub's own library lays it out,
// so that both share their downloads:
//   models--org--name/blobs/<etag>                      contents; <etag>.incomplete while they come
//   models--org--name/refs/<revision>                   a text: the commit it stood for
//   models--org--name/snapshots/<commit>/<path>         links to the blobs
//   .locks/models--org--name/<etag>.lock                held while a blob is written
// Nothing here uses the network.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "hub/model_id.h"
#include "hub/options.h"

namespace spyre::hub {

class Cache {
 public:
  // repo: "org/name" as parse_model_id checked it.
  Cache(const std::filesystem::path& cache_dir, std::string_view repo);

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path blob(std::string_view etag) const;
  std::filesystem::path part(std::string_view etag) const;
  std::filesystem::path lock(std::string_view etag) const;
  std::filesystem::path snapshot(std::string_view commit) const;

  // The commit that a revision stood for at the last download; a commit stands for itself.
  std::optional<std::string> commit_of(std::string_view revision) const;

  // Makes snapshots/<commit>/<path> a link to the blob. kIo when the folder cannot be written.
  Status link(std::string_view commit, std::string_view path, std::string_view etag) const;

  // Notes what a branch or tag stands for; a commit needs no note. Written aside and renamed.
  Status write_ref(std::string_view revision, std::string_view commit) const;

 private:
  std::filesystem::path folder_;
  std::filesystem::path locks_;
};

// The folder or .gguf file of a model that is wholly in the cache: every file that select_files and
// the weights' index name is there; of Parts::kText those of the text. None when something is
// missing; never fails, never writes.
std::optional<std::filesystem::path> find_cached(const std::filesystem::path& cache_dir,
                                                 const ModelId& id, Parts parts = Parts::kAll);

// Creates a folder with its parents. kIo names it and the setting.
Status make_folder(const std::filesystem::path& folder);

}  // namespace spyre::hub
