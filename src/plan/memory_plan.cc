// Adds up what runner and backend say that they will ask for.
#include "plan/memory_plan.h"

#include <cmath>
#include <map>

#include "runner/kv_shape.h"
#include "runner/weight_outline.h"

namespace spyre::plan {

namespace {

// Peak memory of SmolLM2's tokenizer (49152 entries, with merges and hash tables) was 39 MB.
constexpr int64_t kBytesPerToken = 800;
// Code, stacks, sampling, connections and their buffers: `generate` peaked 30 MB above its parts.
constexpr int64_t kProgramBytes = 48'000'000;

int64_t blocks_of(int64_t tokens) {
  return (tokens + kernels::kKvBlockTokens - 1) / kernels::kKvBlockTokens;
}

Result<backend::WeightSet> outlines(const checkpoint::Checkpoint& checkpoint,
                                    const runner::Precision& precision, int64_t max_model_len) {
  SPYRE_TRY_ASSIGN(
      const graph::Graph graph,
      model::build(checkpoint.config(), {.max_blocks = blocks_of(max_model_len)}, max_model_len));
  return runner::outline_weights(graph, checkpoint, precision);
}

int64_t sum(const backend::WeightSet& weights) {
  int64_t bytes = 0;
  for (const auto& [weight_name, weight] : weights) bytes += runner::filled_bytes(weight);
  return bytes;
}

// "Q4_1 x 210, vectors x 61"
std::string formats(const backend::WeightSet& weights) {
  std::map<std::string, int64_t> counts;
  for (const auto& [weight_name, weight] : weights) {
    const bool vector = weight.matrices.empty();
    ++counts[vector ? "vectors" : std::string(name(weight.matrices.front().format))];
  }
  std::string result;
  for (const auto& [format, count] : counts) {
    result += fmt::format("{}{} x {}", result.empty() ? "" : ", ", format, count);
  }
  return result;
}

Result<int64_t> scratch_bytes(const MemoryRequest& request, const backend::WeightSet& weights,
                              const backend::KvCacheShape& kv) {
  std::vector<graph::Graph> graphs;
  for (model::StepShape capacity : request.programs) {
    capacity.max_blocks = blocks_of(request.max_model_len);
    SPYRE_TRY_ASSIGN(graph::Graph graph,
                     model::build(request.checkpoint.config(), capacity, request.max_model_len));
    graphs.push_back(std::move(graph));
  }
  return backend::plan_scratch_bytes(graphs, weights, kv, request.threads, request.backend);
}

std::string verdict(const MemoryPlan& plan) {
  const int64_t total = total_bytes(plan.parts);
  const auto of = [](int64_t bytes) { return text(bytes, Units::kDecimal); };
  if (plan.kv_bytes_allowed && plan.kv_bytes > *plan.kv_bytes_allowed) {
    return fmt::format("does not fit: the KV cache takes {}, --kv-cache-memory-bytes allows {}",
                       of(plan.kv_bytes), of(*plan.kv_bytes_allowed));
  }
  const std::string memory =
      plan.utilization < 1
          ? fmt::format("{} of memory may be taken (--gpu-memory-utilization {} of {})",
                        of(plan.usable_bytes()), plan.utilization, of(plan.available_bytes))
          : fmt::format("{} of memory are there", of(plan.available_bytes));
  if (total > plan.usable_bytes()) {
    return fmt::format("does not fit: {}, {} too few", memory, of(total - plan.usable_bytes()));
  }
  return fmt::format("fits: {}", memory);
}

}  // namespace

int64_t usable_bytes(int64_t available_bytes, double utilization) {
  // A double holds every count of bytes up to 8 PB; a whole share must stay whole.
  return static_cast<int64_t>(std::floor(static_cast<double>(available_bytes) * utilization));
}

int64_t MemoryPlan::usable_bytes() const {
  return plan::usable_bytes(available_bytes, utilization);
}

bool MemoryPlan::fits() const {
  return total_bytes(parts) <= usable_bytes() &&
         (!kv_bytes_allowed || kv_bytes <= *kv_bytes_allowed);
}

Result<int64_t> weight_bytes(const checkpoint::Checkpoint& checkpoint,
                             const runner::Precision& precision, int64_t max_model_len) {
  SPYRE_TRY_ASSIGN(const backend::WeightSet weights,
                   outlines(checkpoint, precision, max_model_len));
  return sum(weights);
}

int64_t fixed_bytes(const checkpoint::ModelConfig& config) {
  return config.vocab_size * kBytesPerToken + kProgramBytes;
}

Result<MemoryPlan> plan_memory(const MemoryRequest& request) {
  const checkpoint::ModelConfig& config = request.checkpoint.config();
  SPYRE_TRY_ASSIGN(const backend::WeightSet weights,
                   outlines(request.checkpoint, request.precision, request.max_model_len));
  const backend::KvCacheShape kv =
      runner::kv_shape(config, request.precision.kv, request.kv_blocks);
  SPYRE_TRY_ASSIGN(const int64_t scratch, scratch_bytes(request, weights, kv));

  MemoryPlan plan;
  plan.available_bytes = request.available_bytes;
  plan.utilization = request.utilization;
  plan.kv_bytes_allowed = request.kv_bytes_allowed;
  plan.kv_bytes = kv.block_bytes() * kv.blocks;
  plan.parts = {
      {.name = "weights", .bytes = sum(weights), .how = "packed: " + formats(weights)},
      {.name = "KV cache",
       .bytes = plan.kv_bytes,
       .how = fmt::format("{} blocks of {} tokens, {} each, {}", kv.blocks, kernels::kKvBlockTokens,
                          text(kv.block_bytes(), Units::kDecimal), name(kv.format))},
      {.name = "activations",
       .bytes = scratch,
       .how = fmt::format("the largest of {} programs, {} threads", request.programs.size(),
                          request.threads)},
      {.name = "text",
       .bytes = config.vocab_size * kBytesPerToken,
       .how = fmt::format("estimate: {} entries of the vocabulary, {} bytes each",
                          config.vocab_size, kBytesPerToken)},
      {.name = "program", .bytes = kProgramBytes, .how = "estimate: code, stacks, buffers"},
  };
  return plan;
}

std::string text(const MemoryPlan& plan) {
  return table(plan.parts, Units::kDecimal) + verdict(plan) + "\n";
}

Json to_json(const MemoryPlan& plan) {
  Json result = {{"fits", plan.fits()},
                 {"verdict", verdict(plan)},
                 {"total_bytes", total_bytes(plan.parts)},
                 {"available_bytes", plan.available_bytes},
                 {"usable_bytes", plan.usable_bytes()},
                 {"parts", to_json(plan.parts)}};
  if (plan.kv_bytes_allowed) result["kv_bytes_allowed"] = *plan.kv_bytes_allowed;
  return result;
}

Status check_fits(const MemoryPlan& plan, std::string_view settings_to_lower) {
  if (plan.fits()) return {};
  return error(Code::kResourceExhausted,
               "not enough memory to serve this model\n{}lower {}, or raise what the process may "
               "have (memory of the machine or cgroup, --gpu-memory-utilization, "
               "--kv-cache-memory-bytes)",
               text(plan), settings_to_lower);
}

}  // namespace spyre::plan
