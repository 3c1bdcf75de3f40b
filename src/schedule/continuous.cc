#include "schedule/continuous.h"

namespace spyre::schedule {

namespace {

Status positive(const char* what, int64_t found) {
  if (found >= 1) return {};
  return error(Code::kInvalidArgument, "{}: wanted at least 1, found {}", what, found);
}

}  // namespace

Status check(const ContinuousLimits& limits) {
  SPYRE_TRY(positive("--max-num-seqs", limits.max_num_seqs));
  SPYRE_TRY(positive("--max-model-len", limits.max_model_len));
  const int64_t needed = blocks_of(limits.max_model_len);
  if (limits.kv_blocks >= needed) return {};
  return error(Code::kInvalidArgument,
               "Number of pages available ({}) is not enough for one request of --max-model-len {} "
               "(need at least {} pages of {} tokens); raise --num-gpu-blocks-override or "
               "--kv-cache-memory-bytes, or lower --max-model-len",
               limits.kv_blocks, limits.max_model_len, needed, kBlockTokens);
}

Status check_volume_limit(int64_t volume_limit, const ContinuousLimits& limits) {
  if (volume_limit >= limits.max_model_len) return {};
  return error(Code::kInvalidArgument,
               "VLLM_DT_MAX_BATCH_TKV_LIMIT: wanted at least --max-model-len ({}), found {}",
               limits.max_model_len, volume_limit);
}

Status check_length(const ContinuousLimits& limits, const Demand& demand,
                    int64_t prompt_positions) {
  if (demand.sequences > 1) {
    return error(Code::kInvalidArgument,
                 "{}: wanted 1 sequence in continuous batching, where each is a request of its "
                 "own, found {}",
                 demand.beams ? "beam_width" : "n", demand.sequences);
  }
  if (prompt_positions + demand.max_tokens <= limits.max_model_len) return {};
  return error(Code::kInvalidArgument,
               "Could not add request: prompt length is {} tokens, which gets padded to {} tokens, "
               "maximum number of output tokens is {} tokens, but max model context length is {}; "
               "shorten the prompt, lower max_tokens or raise --max-model-len",
               demand.prompt_tokens, prompt_positions, demand.max_tokens, limits.max_model_len);
}

}  // namespace spyre::schedule
