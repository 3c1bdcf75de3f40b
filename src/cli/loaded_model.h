// A model ready to run: what lies on disk, its text side, its weights in memory and the threads.
#pragma once

#include <memory>

#include "base/thread_pool.h"
#include "checkpoint/checkpoint.h"
#include "cli/codegen.h"
#include "cli/open_model.h"
#include "cli/text_model.h"
#include "config/settings.h"
#include "runner/model_runner.h"

namespace spyre::cli {

struct LoadedModel {
  std::unique_ptr<checkpoint::Checkpoint> checkpoint;
  TextModel text;
  std::unique_ptr<ThreadPool> pool;
  std::unique_ptr<runner::ModelRunner> runner;
  Json tokenizer_info;                             // null unless OpenModel wants it
  checkpoint::GenerationConfig generation_config;  // OpenModel's
  double load_seconds = 0;                         // from the first file opened to ready

  // Reads what was opened; options.kv_blocks is set. The caller becomes thread 0 of the pool, and
  // is bound to its CPU. Errors: those of ModelRunner::load and of the tokenizer's files.
  static Result<LoadedModel> load(OpenModel open, const runner::LoadProgress& progress);
  // The same with a line of progress, until Ctrl-C.
  static Result<LoadedModel> load(OpenModel open);
  // Opens and reads, likewise. sequences: how many may run at once, for the size of
  // the KV cache.
  static Result<LoadedModel> load(const config::Settings& settings, int64_t sequences,
                                  RunLength length = RunLength::kShort);
};

}  // namespace spyre::cli
