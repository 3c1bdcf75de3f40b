#include "plan/known_memory.h"

#include <algorithm>
#include <charconv>

#include "plan/memory_plan.h"
#include "plan/shape_ladder.h"
#include "runner/kv_shape.h"

namespace spyre::plan {

namespace {

int64_t blocks_of(int64_t tokens) {
  return (tokens + schedule::kBlockTokens - 1) / schedule::kBlockTokens;
}

// Tokens that a batch holds at once, if the configuration limits them.
std::optional<int64_t> volume_limit(const KnownContinuous& config) {
  const auto found =
      std::ranges::find(config.variables, "VLLM_DT_MAX_BATCH_TKV_LIMIT", &KnownVariable::name);
  if (found == config.variables.end()) return std::nullopt;
  const std::string& word = found->value;
  int64_t tokens = 0;
  const auto [end, problem] = std::from_chars(word.data(), word.data() + word.size(), tokens);
  const bool whole = problem == std::errc() && end == word.data() + word.size() && tokens > 0;
  return whole ? std::optional(tokens) : std::nullopt;
}

// Numbers come from a file: products stay in range.
int64_t product(int64_t a, int64_t b) {
  int64_t result = 0;
  return __builtin_mul_overflow(a, b, &result) ? INT64_MAX : result;
}

int64_t kv_blocks(const KnownContinuous& config) {
  int64_t blocks = product(config.max_num_seqs, blocks_of(config.max_model_len));
  if (const auto limit = volume_limit(config)) {
    // Each sequence may leave its last block half empty.
    blocks = std::min(blocks, blocks_of(*limit) + config.max_num_seqs);
  }
  return std::min(blocks, config.num_gpu_blocks_override.value_or(blocks));
}

int64_t kv_blocks(const KnownStatic& config) {
  int64_t most = 0;
  for (const KnownShape& each : config.shapes) {
    const int64_t tokens = each.prompt_tokens + each.new_tokens.value_or(0);
    most = std::max(most, product(each.batch_size, blocks_of(tokens) + 1));
  }
  return most;
}

int64_t longest(const KnownContinuous& config) { return config.max_model_len; }

int64_t longest(const KnownStatic& config) {
  int64_t most = 0;
  for (const KnownShape& each : config.shapes) {
    most = std::max(most, each.prompt_tokens + each.new_tokens.value_or(0));
  }
  return most;
}

}  // namespace

Result<std::vector<KnownMemory>> known_memory(std::span<const KnownModel* const> models,
                                              const checkpoint::Checkpoint& checkpoint,
                                              const runner::Precision& precision) {
  std::vector<KnownMemory> known;
  const checkpoint::ModelConfig& config = checkpoint.config();
  const int64_t block_bytes = runner::kv_shape(config, precision.kv, 1).block_bytes();
  int64_t weights = 0;
  const auto add = [&](const KnownModel& model, const auto& each) {
    const int64_t blocks = kv_blocks(each);
    if (longest(each) > config.max_positions || blocks > INT64_MAX / 2 / block_bytes) return;
    known.push_back({.model = model.name,
                     .config = text(each),
                     .weight_bytes = weights,
                     .kv_bytes = blocks * block_bytes});
  };
  if (!models.empty()) {
    SPYRE_TRY_ASSIGN(weights, weight_bytes(checkpoint, precision, config.max_positions));
  }
  for (const KnownModel* model : models) {
    for (const KnownStatic& each : model->static_configs) add(*model, each);
    for (const KnownContinuous& each : model->continuous_configs) add(*model, each);
  }
  return known;
}

std::string text(std::span<const KnownMemory> known, int64_t usable_bytes) {
  if (known.empty()) return {};
  std::string lines = "known configurations, weights and KV cache on this machine:\n";
  for (const KnownMemory& each : known) {
    lines +=
        fmt::format("  {}, {}: {} + {}{}\n", each.model, each.config,
                    text(each.weight_bytes, Units::kDecimal), text(each.kv_bytes, Units::kDecimal),
                    each.total_bytes() > usable_bytes ? ", does not fit" : "");
  }
  return lines;
}

Json to_json(std::span<const KnownMemory> known) {
  Json list = Json::array();
  for (const KnownMemory& each : known) {
    list.push_back({{"model", each.model},
                    {"configuration", each.config},
                    {"weight_bytes", each.weight_bytes},
                    {"kv_bytes", each.kv_bytes}});
  }
  return list;
}

}  // namespace spyre::plan
