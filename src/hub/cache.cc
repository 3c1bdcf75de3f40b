#include "hub/cache.h"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "base/json.h"
#include "hub/selection.h"

namespace spyre::hub {

namespace {

namespace fs = std::filesystem;

std::string folder_name(std::string_view repo) {
  std::string name = "models--" + std::string(repo);
  name.replace(name.find('/'), 1, "--");
  return name;
}

std::string read_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// Paths below the folder whose content is there: a link to a blob that was deleted is not.
std::vector<std::string> files_below(const fs::path& folder) {
  std::vector<std::string> paths;
  std::error_code failure;
  fs::recursive_directory_iterator walk(folder, failure);
  for (; !failure && walk != fs::recursive_directory_iterator(); walk.increment(failure)) {
    std::error_code ignored;
    if (!fs::is_regular_file(walk->path(), ignored)) continue;
    paths.push_back(walk->path().lexically_relative(folder).generic_string());
  }
  return paths;
}

// Whether all files of the weights' index, when there is one, lie in the snapshot.
bool index_is_complete(const fs::path& snapshot) {
  const fs::path index = snapshot / "model.safetensors.index.json";
  std::error_code ignored;
  if (!fs::exists(index, ignored)) return true;
  const auto parsed = parse_json(read_text(index), index.string());
  if (!parsed || !parsed->is_object()) return false;
  const auto map = parsed->find("weight_map");
  if (map == parsed->end() || !map->is_object()) return false;
  for (const Json& file : *map) {
    if (!file.is_string() || !is_safe_path(file.get_ref<const std::string&>())) return false;
    if (!fs::is_regular_file(snapshot / file.get_ref<const std::string&>(), ignored)) return false;
  }
  return true;
}

}  // namespace

Cache::Cache(const fs::path& cache_dir, std::string_view repo)
    : folder_(cache_dir / folder_name(repo)), locks_(cache_dir / ".locks" / folder_name(repo)) {}

fs::path Cache::blob(std::string_view etag) const { return folder_ / "blobs" / etag; }

fs::path Cache::part(std::string_view etag) const {
  return folder_ / "blobs" / (std::string(etag) + ".incomplete");
}

fs::path Cache::lock(std::string_view etag) const { return locks_ / (std::string(etag) + ".lock"); }

fs::path Cache::snapshot(std::string_view commit) const { return folder_ / "snapshots" / commit; }

std::optional<std::string> Cache::commit_of(std::string_view revision) const {
  if (is_commit(revision)) return std::string(revision);
  std::string commit = read_text(folder_ / "refs" / revision);
  commit.erase(commit.find_last_not_of(" \r\n\t") + 1);
  if (!is_commit(commit)) return std::nullopt;
  return commit;
}

Status Cache::link(std::string_view commit, std::string_view path, std::string_view etag) const {
  const fs::path pointer = snapshot(commit) / path;
  const fs::path target = blob(etag).lexically_relative(pointer.parent_path());
  std::error_code failure;
  if (fs::read_symlink(pointer, failure) == target) return {};
  SPYRE_TRY(make_folder(pointer.parent_path()));
  fs::remove(pointer, failure);
  fs::create_symlink(target, pointer, failure);
  if (failure) {
    return error(Code::kIo, "{}: cannot be linked to its content: {}", pointer.string(),
                 failure.message());
  }
  return {};
}

Status Cache::write_ref(std::string_view revision, std::string_view commit) const {
  if (is_commit(revision)) return {};
  const fs::path ref = folder_ / "refs" / revision;
  SPYRE_TRY(make_folder(ref.parent_path()));
  const fs::path aside = ref.string() + "." + std::to_string(getpid());
  std::ofstream stream(aside, std::ios::binary);
  stream << commit;
  stream.close();
  std::error_code failure;
  if (stream) fs::rename(aside, ref, failure);
  if (!stream || failure) return error(Code::kIo, "{}: cannot be written", ref.string());
  return {};
}

std::optional<fs::path> find_cached(const fs::path& cache_dir, const ModelId& id, Parts parts) {
  const Cache cache(cache_dir, id.repo);
  const auto commit = cache.commit_of(id.revision);
  if (!commit) return std::nullopt;
  fs::path snapshot = cache.snapshot(*commit);
  const auto selection = select_files(files_below(snapshot), id, parts);
  if (!selection) return std::nullopt;
  if (!selection->gguf.empty()) return snapshot / selection->gguf;
  if (parts == Parts::kAll && !index_is_complete(snapshot)) return std::nullopt;
  return snapshot;
}

Status make_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) {
    return error(Code::kIo, "{}: cannot be created: {}; HF_HUB_CACHE names another place",
                 folder.string(), failure.message());
  }
  return {};
}

}  // namespace spyre::hub
