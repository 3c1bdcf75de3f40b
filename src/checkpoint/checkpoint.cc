// Which container a path is.
#include "checkpoint/checkpoint.h"

#include "checkpoint/gguf_checkpoint.h"
#include "checkpoint/hf_folder.h"

namespace spyre::checkpoint {

Result<std::unique_ptr<Checkpoint>> Checkpoint::open(const std::filesystem::path& path) {
  std::error_code problem;
  const auto status = std::filesystem::status(path, problem);
  if (!std::filesystem::exists(status)) {
    return error(Code::kNotFound, "{}: wanted a model folder or a .gguf file, found nothing",
                 path.string());
  }
  if (std::filesystem::is_directory(status)) return open_hf_folder(path);
  if (path.extension() == ".gguf") return open_gguf(path);
  return error(Code::kUnsupported, "{}: wanted a folder with config.json or a .gguf file",
               path.string());
}

}  // namespace spyre::checkpoint
