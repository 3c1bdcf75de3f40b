#include "cli/loaded_model.h"

#include <malloc.h>
#include <sched.h>

#include <chrono>
#include <utility>

#include "base/cpu_list.h"
#include "base/log.h"
#include "cli/interrupt.h"
#include "cli/kv_budget.h"
#include "cli/locate_model.h"
#include "cli/progress_line.h"

namespace spyre::cli {

namespace {

using config::Setting;

// One entry a thread: the CPU it is bound to, or -1.
Result<std::vector<int>> thread_cpus(const config::Settings& settings) {
  int threads = default_num_threads();
  for (const Setting each : {Setting::kNumCpus, Setting::kThreads}) {
    if (settings.is_set(each)) threads = static_cast<int>(settings.integer(each));
  }
  const std::vector<int> usable = usable_cpus();
  const std::string bind = settings.text(Setting::kCpuOmpThreadsBind);
  // More threads than CPUs were asked for: there is no binding that makes sense.
  if (bind == "auto" && threads > static_cast<int>(usable.size())) {
    return std::vector<int>(static_cast<size_t>(threads), -1);
  }
  SPYRE_TRY_ASSIGN(std::vector<int> cpus, parse_cpu_list(bind, usable, threads));
  if (settings.is_set(Setting::kThreads) && std::cmp_greater(cpus.size(), threads)) {
    cpus.resize(static_cast<size_t>(threads));
  }
  return cpus;
}

Result<kernels::Isa> wanted_isa(const config::Settings& settings) {
  const kernels::Isa best = kernels::best_isa(detect_cpu_features());
  const std::string wanted = settings.text(Setting::kIsa);
  if (wanted == "auto") return best;
  const kernels::Isa isa = wanted == "avx512" ? kernels::Isa::kAvx512
                           : wanted == "avx2" ? kernels::Isa::kAvx2
                                              : kernels::Isa::kScalar;
  if (isa <= best) return isa;
  return error(Code::kUnsupported, "--isa {}: this CPU ({}) does not have it", wanted,
               cpu_model_name());
}

std::optional<int64_t> wanted_kv_bytes(const config::Settings& settings) {
  if (settings.is_set(Setting::kKvCacheMemoryBytes)) {
    return settings.integer(Setting::kKvCacheMemoryBytes);
  }
  if (settings.is_set(Setting::kCpuKvcacheSpace)) {
    return settings.integer(Setting::kCpuKvcacheSpace) << 30;
  }
  return std::nullopt;
}

Result<int64_t> model_length(const config::Settings& settings,
                             const checkpoint::ModelConfig& config) {
  if (!settings.is_set(Setting::kMaxModelLen)) return config.max_positions;
  const int64_t wanted = settings.integer(Setting::kMaxModelLen);
  if (wanted <= config.max_positions) return wanted;
  return error(Code::kInvalidArgument,
               "--max-model-len: wanted at most the {} positions of the model, found {}",
               config.max_positions, wanted);
}

Result<runner::RunnerOptions> runner_options(const config::Settings& settings,
                                             const checkpoint::Checkpoint& checkpoint,
                                             int64_t sequences) {
  const checkpoint::ModelConfig& config = checkpoint.config();
  runner::RunnerOptions options;
  SPYRE_TRY_ASSIGN(options.precision,
                   runner::Precision::resolve(settings.text(Setting::kDtype), config.dtype,
                                              checkpoint.is_gguf()));
  SPYRE_TRY_ASSIGN(options.max_model_len, model_length(settings, config));
  SPYRE_TRY_ASSIGN(options.isa, wanted_isa(settings));
  const backend::KvCacheShape shape = {.format = options.precision.kv,
                                       .layers = config.num_layers,
                                       .blocks = 1,
                                       .kv_heads = config.num_kv_heads,
                                       .head_dim = config.head_dim};
  options.kv_blocks =
      kv_blocks({.block_bytes = shape.block_bytes(),
                 .blocks_per_sequence = (options.max_model_len + kernels::kKvBlockTokens - 1) /
                                        kernels::kKvBlockTokens,
                 .sequences = sequences,
                 .wanted_bytes = wanted_kv_bytes(settings),
                 .memory_bytes = memory_limit_bytes(),
                 .weight_bytes = checkpoint.file_bytes()});
  return options;
}

// The caller is thread 0 of the pool; pinned like the others, it is not moved onto their CPUs.
void pin_this_thread(int cpu) {
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  sched_setaffinity(0, sizeof(set), &set);
}

}  // namespace

Result<std::unique_ptr<checkpoint::Checkpoint>> open_checkpoint(const std::filesystem::path& path,
                                                                const config::Settings& settings) {
  if (settings.text(Setting::kLoadFormat) != "dummy") return checkpoint::Checkpoint::open(path);
  return checkpoint::open_dummy(path, static_cast<uint64_t>(settings.integer(Setting::kSeed)));
}

Result<LoadedModel> LoadedModel::load(const config::Settings& settings, int64_t sequences) {
  SPYRE_TRY_ASSIGN(const std::filesystem::path path, locate_model(settings));
  const auto start = std::chrono::steady_clock::now();
  SPYRE_TRY_ASSIGN(auto checkpoint, open_checkpoint(path, settings));
  auto metadata = checkpoint->take_tokenizer_metadata();
  SPYRE_TRY_ASSIGN(TextModel text,
                   metadata ? TextModel::from_gguf(*metadata) : TextModel::load(path));
  metadata.reset();
  SPYRE_TRY_ASSIGN(const runner::RunnerOptions options,
                   runner_options(settings, *checkpoint, sequences));
  SPYRE_TRY_ASSIGN(const std::vector<int> cpus, thread_cpus(settings));
  SPYRE_TRY_ASSIGN(auto pool, ThreadPool::create(cpus));
  pin_this_thread(cpus[0]);

  ProgressLine line("loading weights");
  const auto progress = [&line](int64_t done, int64_t total) {
    line.show(done, total);
    return !interrupted();
  };
  SPYRE_TRY_ASSIGN(auto runner, runner::ModelRunner::load(*checkpoint, options, *pool, progress));
  line.clear();
  // A vocabulary and the packing of weights pass through many allocations: give back what is free.
  malloc_trim(0);
  LoadedModel model{.checkpoint = std::move(checkpoint),
                    .text = std::move(text),
                    .pool = std::move(pool),
                    .runner = std::move(runner)};
  model.load_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  log::info("loaded {} in {:.2f} s: weights {:.1f} MB, {} KV blocks of 64 tokens, {} threads",
            path.string(), model.load_seconds,
            static_cast<double>(model.runner->weight_bytes()) / 1e6, options.kv_blocks,
            cpus.size());
  return model;
}

}  // namespace spyre::cli
