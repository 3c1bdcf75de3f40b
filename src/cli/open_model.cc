#include "cli/open_model.h"

#include <utility>

#include "base/cpu.h"
#include "base/cpu_list.h"
#include "base/log.h"
#include "cli/chat_template_text.h"
#include "cli/generation_settings.h"
#include "cli/locate_model.h"
#include "cli/model_use.h"
#include "runner/kv_shape.h"

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
  const CpuFeatures features = detect_cpu_features();
  const std::string wanted = settings.text(Setting::kIsa);
  const kernels::Isa isa = kernels::isa_of(wanted).value_or(kernels::best_isa(features));
  if (kernels::runs_on(features, isa)) {
    const kernels::Isa trusted = kernels::trusted_isa(isa);
    if (trusted != isa) {
      log::warn("this CPU ({}) multiplies tiles otherwise than it should: --isa {} instead of {}",
                cpu_model_name(), kernels::name(trusted), kernels::name(isa));
    }
    return trusted;
  }
  return error(Code::kUnsupported, "--isa {}: this CPU ({}) does not have it", wanted,
               cpu_model_name());
}

Result<backend::BackendOptions> backend_options(const config::Settings& settings) {
  const bool eager =
      settings.flag(Setting::kEnforceEager) || settings.text(Setting::kDynamoBackend) == "eager";
  backend::BackendOptions options;
  options.execution = eager ? backend::Execution::kEager : backend::Execution::kCompiled;
  SPYRE_TRY_ASSIGN(options.isa, wanted_isa(settings));
  auto passes = compile::parse_pass_names(settings.text(Setting::kDisablePasses));
  if (!passes) {
    return error(Code::kInvalidArgument, "SPYRE_DISABLE_PASSES: {}", passes.error().message);
  }
  options.passes.disabled = std::move(*passes);
  return options;
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

// Only a plan for cards knows more than one.
Status check_processes(const config::Settings& settings) {
  const int64_t wanted = settings.integer(Setting::kTensorParallelSize);
  if (wanted == 1 || settings.text(Setting::kDevice) == "spyre") return {};
  return error(Code::kUnsupported,
               "--tensor-parallel-size: wanted 1, found {}; one process uses every core that "
               "--threads gives it",
               wanted);
}

}  // namespace

std::optional<int64_t> wanted_kv_bytes(const config::Settings& settings) {
  if (settings.is_set(Setting::kKvCacheMemoryBytes)) {
    return settings.integer(Setting::kKvCacheMemoryBytes);
  }
  if (settings.is_set(Setting::kCpuKvcacheSpace)) {
    return settings.integer(Setting::kCpuKvcacheSpace) << 30;
  }
  return std::nullopt;
}

Result<std::unique_ptr<checkpoint::Checkpoint>> open_checkpoint(const std::filesystem::path& path,
                                                                const config::Settings& settings) {
  if (settings.text(Setting::kLoadFormat) != "dummy") return checkpoint::Checkpoint::open(path);
  return checkpoint::open_dummy(path, static_cast<uint64_t>(settings.integer(Setting::kSeed)));
}

int64_t kv_block_bytes(const OpenModel& model) {
  return runner::kv_shape(model.checkpoint->config(), model.options.precision.kv, 1).block_bytes();
}

Result<OpenModel> open_model(const config::Settings& settings) {
  OpenModel model;
  SPYRE_TRY(check_processes(settings));
  SPYRE_TRY_ASSIGN(model.path, locate_model(settings));
  model.opened = std::chrono::steady_clock::now();
  SPYRE_TRY_ASSIGN(model.checkpoint, open_checkpoint(model.path, settings));
  SPYRE_TRY(apply_model_use(settings, *model.checkpoint));
  const checkpoint::ModelConfig& config = model.checkpoint->config();
  SPYRE_TRY_ASSIGN(model.options.precision,
                   runner::Precision::resolve(settings.text(Setting::kDtype), config.dtype,
                                              model.checkpoint->is_gguf()));
  SPYRE_TRY_ASSIGN(model.options.max_model_len, model_length(settings, config));
  SPYRE_TRY_ASSIGN(model.options.backend, backend_options(settings));
  SPYRE_TRY_ASSIGN(model.cpus, thread_cpus(settings));
  SPYRE_TRY_ASSIGN(model.generation_config,
                   generation_settings(settings, model.checkpoint->generation_config()));
  SPYRE_TRY_ASSIGN(model.tokenizer, locate_tokenizer(settings));
  model.wants_tokenizer_info = settings.flag(Setting::kEnableTokenizerInfoEndpoint);
  if (settings.is_set(Setting::kChatTemplate)) {
    SPYRE_TRY_ASSIGN(model.chat_template,
                     read_chat_template(settings.text(Setting::kChatTemplate)));
  }
  return model;
}

}  // namespace spyre::cli
