// A model whose files are open and whose settings are checked, before any weight is read: what the
// memory plan looks at, and what loading starts from.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.h"
#include "config/settings.h"
#include "runner/model_runner.h"

namespace spyre::cli {

struct OpenModel {
  std::filesystem::path path;
  std::unique_ptr<checkpoint::Checkpoint> checkpoint;
  // Complete but for kv_blocks; max_model_len is what --max-model-len and the model allow.
  runner::RunnerOptions options;
  checkpoint::GenerationConfig generation_config;  // as --generation-config and its override say
  std::optional<std::filesystem::path> tokenizer;  // instead of the model's own: --tokenizer
  std::optional<std::string> chat_template;        // the text of --chat-template
  bool wants_tokenizer_info = false;               // --enable-tokenizer-info-endpoint
  // False: a graph that is not in the cache is an error (precompiled_only.h).
  bool compile_allowed = true;
  std::vector<int> cpus;  // one entry a thread: the CPU it is bound to, or -1
  std::chrono::steady_clock::time_point opened;
};

// Finds the model (from the hub when it must) and opens it. kInvalidArgument: a setting that the
// model or this machine cannot follow.
Result<OpenModel> open_model(const config::Settings& settings);

// --load-format dummy or the files' own weights.
Result<std::unique_ptr<checkpoint::Checkpoint>> open_checkpoint(const std::filesystem::path& path,
                                                                const config::Settings& settings);

// What --kv-cache-memory-bytes or VLLM_CPU_KVCACHE_SPACE asks for.
std::optional<int64_t> wanted_kv_bytes(const config::Settings& settings);

// What one KV block takes.
int64_t kv_block_bytes(const OpenModel& model);

}  // namespace spyre::cli
