#include "config/checks.h"

#include "config/speculation.h"
#include "config/warmup_shapes.h"

namespace spyre::config {

namespace {

constexpr int64_t kBlockTokens = 64;

bool chunked(const Settings& settings) { return settings.flag(Setting::kUseChunkedPrefill); }
bool mixed(const Settings& settings) { return settings.text(Setting::kScheduler) == "mixed"; }

bool pooling(const Settings& settings) {
  const std::string task = settings.text(Setting::kTask);
  const std::string convert = settings.text(Setting::kConvert);
  if (convert == "embed" || convert == "classify") return true;
  return settings.text(Setting::kRunner) == "pooling" || (task != "auto" && task != "generate");
}

Status check_engine(const Settings& settings) {
  const bool continuous = settings.flag(Setting::kUseCb) || mixed(settings);
  if (settings.flag(Setting::kUseV1) || !continuous) return {};
  return error(Code::kInvalidArgument,
               "{}: wanted the newer engine, found VLLM_USE_V1=0, which has static batching only; "
               "leave one of them out",
               mixed(settings) ? "--scheduler mixed" : settings.label(Setting::kUseCb) + "=1");
}

Status check_chunked_prefill(const Settings& settings) {
  if (!chunked(settings) || mixed(settings)) return {};
  if (!settings.flag(Setting::kUseCb)) {
    return error(Code::kInvalidArgument,
                 "{}=1: cannot use chunked prefill without continuous batching; wanted "
                 "VLLM_SPYRE_USE_CB=1, found 0",
                 settings.label(Setting::kUseChunkedPrefill));
  }
  const int64_t chunk = settings.integer(Setting::kMaxNumBatchedTokens);
  if (chunk % kBlockTokens != 0) {
    return error(
        Code::kInvalidArgument,
        "{}: wanted a number divisible by the block size (64) in chunked prefill, found {}",
        settings.label(Setting::kMaxNumBatchedTokens), chunk);
  }
  if (settings.is_set(Setting::kDtChunkLen) && settings.is_set(Setting::kMaxNumBatchedTokens) &&
      settings.integer(Setting::kDtChunkLen) != chunk) {
    return error(Code::kInvalidArgument, "{} and {}: wanted the same chunk length, found {} and {}",
                 settings.label(Setting::kDtChunkLen),
                 settings.label(Setting::kMaxNumBatchedTokens),
                 settings.integer(Setting::kDtChunkLen), chunk);
  }
  return {};
}

// Only an explicit wish is an error; the default simply has nothing to do in other modes.
Status check_prefix_caching(const Settings& settings) {
  const Setting wish = Setting::kEnablePrefixCaching;
  const bool possible = chunked(settings) || mixed(settings);
  if (!settings.is_set(wish) || !settings.flag(wish) || possible) return {};
  return error(Code::kInvalidArgument,
               "{}: cannot use prefix caching without chunked prefill; wanted "
               "VLLM_SPYRE_USE_CHUNKED_PREFILL=1 (or --scheduler mixed), found 0",
               settings.label(wish));
}

// Below it the longest allowed request would be paused for ever.
Status check_volume_limit(const Settings& settings) {
  const bool both =
      settings.is_set(Setting::kDtMaxBatchTkvLimit) && settings.is_set(Setting::kMaxModelLen);
  if (!both || !settings.flag(Setting::kUseCb)) return {};
  const int64_t limit = settings.integer(Setting::kDtMaxBatchTkvLimit);
  const int64_t length = settings.integer(Setting::kMaxModelLen);
  if (limit >= length) return {};
  return error(Code::kInvalidArgument, "{}: wanted at least --max-model-len ({}), found {}",
               settings.label(Setting::kDtMaxBatchTkvLimit), length, limit);
}

Status check_blocks(const Settings& settings) {
  const Setting override_setting = Setting::kNumGpuBlocksOverride;
  if (!settings.is_set(override_setting) || !settings.is_set(Setting::kMaxModelLen)) return {};
  const int64_t blocks = settings.integer(override_setting);
  const int64_t length = settings.integer(Setting::kMaxModelLen);
  const int64_t needed = length / kBlockTokens + (length % kBlockTokens != 0 ? 1 : 0);
  if (blocks >= needed) return {};
  return error(Code::kInvalidArgument,
               "{}: number of pages available ({}) is not enough for one request of "
               "--max-model-len {} (need at least {} pages)",
               settings.label(override_setting), blocks, length, needed);
}

// What --convert makes of a model must be what it is run as.
Status check_convert(const Settings& settings) {
  const std::string convert = settings.text(Setting::kConvert);
  const std::string task = settings.text(Setting::kTask);
  if (convert != "embed" && convert != "classify") return {};
  const bool generates = settings.text(Setting::kRunner) == "generate" || task == "generate";
  const bool other = (convert == "embed" && (task == "classify" || task == "score")) ||
                     (convert == "classify" && task == "embed");
  if (!generates && !other) return {};
  const Setting clash =
      settings.text(Setting::kRunner) == "generate" ? Setting::kRunner : Setting::kTask;
  return error(Code::kInvalidArgument, "--convert {} and {} {}: wanted one of them, found both",
               convert, settings.label(clash), settings.text(clash));
}

Status check_model_use(const Settings& settings) {
  const std::string task = settings.text(Setting::kTask);
  const std::string runner = settings.text(Setting::kRunner);
  const bool clash = (task == "generate" && runner == "pooling") ||
                     (task != "auto" && task != "generate" && runner == "generate");
  if (clash) {
    return error(Code::kInvalidArgument,
                 "--task {} and --runner {}: wanted one of them, found both", task, runner);
  }
  if (pooling(settings) && settings.text(Setting::kLoadFormat) == "dummy") {
    return error(Code::kInvalidArgument,
                 "--load-format dummy: wanted a model that generates text, found a pooling one");
  }
  return check_convert(settings);
}

Status check_graph_cache(const Settings& settings) {
  const bool wanted =
      settings.flag(Setting::kSendnnCacheEnable) && !settings.flag(Setting::kDisableCompileCache);
  if (!wanted) return {};
  if (!settings.text(Setting::kSendnnCacheDir).empty()) return {};
  return error(
      Code::kInvalidArgument,
      "TORCH_SENDNN_CACHE_ENABLE=1: wanted a folder in TORCH_SENDNN_CACHE_DIR, found none{}",
      settings.flag(Setting::kRequirePrecompiledDecoders)
          ? "; VLLM_SPYRE_REQUIRE_PRECOMPILED_DECODERS=1 needs both"
          : "");
}

// Two settings of which the first is nothing without the second.
Status check_needs(const Settings& settings, Setting wish, Setting needed) {
  if (!settings.is_set(wish) || settings.is_set(needed)) return {};
  return error(Code::kInvalidArgument, "{}: wanted {} with it, found none", settings.label(wish),
               name(needed));
}

Status check_server(const Settings& settings) {
  SPYRE_TRY(check_needs(settings, Setting::kSslKeyfile, Setting::kSslCertfile));
  SPYRE_TRY(check_needs(settings, Setting::kSslCertfile, Setting::kSslKeyfile));
  if (settings.flag(Setting::kEnableLogOutputs)) {
    SPYRE_TRY(check_needs(settings, Setting::kEnableLogOutputs, Setting::kEnableLogRequests));
  }
  return {};
}

Status check_sampling(const Settings& settings) {
  if (settings.is_set(Setting::kMinTokens) && settings.is_set(Setting::kMaxTokens) &&
      settings.integer(Setting::kMinTokens) > settings.integer(Setting::kMaxTokens)) {
    return error(Code::kInvalidArgument, "--min-tokens: wanted at most --max-tokens ({}), found {}",
                 settings.integer(Setting::kMaxTokens), settings.integer(Setting::kMinTokens));
  }
  const bool greedy =
      settings.is_set(Setting::kTemperature) && settings.real(Setting::kTemperature) == 0;
  if (greedy && settings.integer(Setting::kN) > 1) {
    return error(
        Code::kInvalidArgument,
        "--n: wanted 1 with --temperature 0, whose answers would all be the same, found {}",
        settings.integer(Setting::kN));
  }
  return {};
}

// Generating commands know what the model is for; serve may learn it only from the model's files,
// and until then checks what holds for both.
Status check_shapes(const Settings& settings, Command command) {
  if (settings.flag(Setting::kUseCb)) return {};
  const bool generates = contains(kForAnswers, command) ||
                         settings.text(Setting::kRunner) == "generate" ||
                         settings.text(Setting::kTask) == "generate";
  const auto shapes = warmup_shapes(settings, generates ? ModelUse::kGenerate : ModelUse::kPooling);
  if (!shapes) return std::unexpected(shapes.error());
  return {};
}

// Commands that know what they need of the model.
Status check_command_use(const Settings& settings, Command command) {
  const bool generates =
      settings.text(Setting::kRunner) == "generate" || settings.text(Setting::kTask) == "generate";
  if (contains(kForAnswers, command) && pooling(settings)) {
    return error(Code::kInvalidArgument,
                 "spyre {}: wanted a model that generates text, found settings of a pooling one "
                 "(--runner, --convert, --task); use spyre embed or spyre score",
                 name(command));
  }
  if (contains(kForPooling, command) && generates) {
    return error(Code::kInvalidArgument,
                 "spyre {}: wanted a pooling model, found --runner or --task generate; use spyre "
                 "generate",
                 name(command));
  }
  return {};
}

// Commands that write vectors have formats of their own.
Status check_format(const Settings& settings, Command command) {
  const std::string format = settings.text(Setting::kFormat);
  const bool vectors = contains(kForVectors, command);
  const bool good = vectors ? format != "json" : format == "text" || format == "json";
  if (good) return {};
  return error(Code::kInvalidArgument, "--format: wanted {} for spyre {}, found {}",
               vectors ? "jsonl or npy" : "text or json", name(command), format);
}

Status check_speculation(const Settings& settings) {
  const auto speculation = speculative_config(settings);
  if (!speculation) return std::unexpected(speculation.error());
  return {};
}

void add_backend_warnings(const Settings& settings, Command command,
                          std::vector<std::string>& warnings) {
  const Setting backend = Setting::kDynamoBackend;
  if (!settings.is_set(backend) || !contains(kForEngine, command)) return;
  if (settings.written(backend) == "sendnn_decoder") {
    warnings.push_back(
        fmt::format("{}=sendnn_decoder is an old name; use sendnn", settings.label(backend)));
  }
}

}  // namespace

Status check_combinations(const Settings& settings, Command command,
                          std::vector<std::string>& warnings) {
  SPYRE_TRY(check_engine(settings));
  SPYRE_TRY(check_chunked_prefill(settings));
  SPYRE_TRY(check_prefix_caching(settings));
  SPYRE_TRY(check_volume_limit(settings));
  SPYRE_TRY(check_blocks(settings));
  SPYRE_TRY(check_model_use(settings));
  SPYRE_TRY(check_command_use(settings, command));
  SPYRE_TRY(check_graph_cache(settings));
  SPYRE_TRY(check_server(settings));
  SPYRE_TRY(check_sampling(settings));
  SPYRE_TRY(check_shapes(settings, command));
  SPYRE_TRY(check_format(settings, command));
  SPYRE_TRY(check_speculation(settings));
  add_backend_warnings(settings, command, warnings);
  if (!settings.flag(Setting::kUseV1) && contains(kForAnswers, command)) {
    warnings.emplace_back("VLLM_USE_V1=0 is deprecated for decoders; leave it out");
  }
  return {};
}

}  // namespace spyre::config
