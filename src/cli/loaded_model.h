// A model ready to run: what lies on disk, its text side, its weights in memory and the threads.
#pragma once

#include <filesystem>
#include <memory>

#include "base/thread_pool.h"
#include "checkpoint/checkpoint.h"
#include "cli/text_model.h"
#include "config/settings.h"
#include "runner/model_runner.h"

namespace spyre::cli {

// --load-format dummy or the files' own weights.
Result<std::unique_ptr<checkpoint::Checkpoint>> open_checkpoint(const std::filesystem::path& path,
                                                                const config::Settings& settings);

struct LoadedModel {
  std::unique_ptr<checkpoint::Checkpoint> checkpoint;
  TextModel text;
  std::unique_ptr<ThreadPool> pool;
  std::unique_ptr<runner::ModelRunner> runner;
  double load_seconds = 0;  // from the first file opened to ready

  // sequences: how many may run at once, for the size of the KV cache.
  static Result<LoadedModel> load(const config::Settings& settings, int64_t sequences);
};

}  // namespace spyre::cli
