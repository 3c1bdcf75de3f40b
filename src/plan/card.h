// Would this model and these shapes fit a Spyre card? Answered from public facts alone: nobody
// publishes the card's free memory, so next to "fits" and "does not fit" there is an honest "not
// known" for what lies between what ran and what failed. Nothing here runs on a card.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checkpoint/model_config.h"
#include "plan/parts.h"
#include "schedule/shape.h"

namespace spyre::plan {

// What limits a card. Each number has its origin beside its use in card.cc.
struct CardProfile {
  int64_t stated_bytes = int64_t{112} << 30;  // 128 GB less what ECC takes
  int64_t safe_bytes = int64_t{96} << 30;     // the largest pool known to have been allocated
  int64_t segment_bytes = int64_t{16} << 30;  // all intermediates of a graph share one
  int64_t span_bytes = 268'431'261;           // 255.996 MiB that one core reaches of a tensor
  int64_t cores = 32;
  int64_t kv_ran_bytes = int64_t{20'800} << 20;  // 20.31 GiB: Ministral 3 14B, 4096 x 32
  int64_t kv_failed_bytes = int64_t{32} << 30;   // Llama 8B, 8192 x 32
  int64_t max_context = 32768;
  int64_t tkv_limit = 131072;                        // batch times context of a program
  int64_t graph_allowance_bytes = int64_t{1} << 30;  // program and transfer buffers of a graph
};

struct CardRequest {
  checkpoint::ModelConfig config;
  int64_t tensor_parallel = 1;  // cards
  // Static batching: its shapes.
  std::vector<schedule::Shape> shapes = {};
  // Or continuous batching, when shapes is empty: so many sequences of so many tokens.
  int64_t max_model_len = 0;
  int64_t max_num_seqs = 0;
  std::optional<int64_t> blocks = {};  // instead of those that all sequences need
};

enum class Verdict { kFits, kNotKnown, kDoesNotFit };
std::string_view name(Verdict verdict);  // "fits", "not known", "does not fit"

// One limit, looked at.
struct Finding {
  Verdict verdict = Verdict::kFits;
  std::string text;
};

struct CardPlan {
  std::vector<Part> parts;        // of one card
  std::vector<Finding> findings;  // every limit
  Verdict verdict() const;        // the worst of them
  // The finding that decided.
  const Finding& decided_by() const;
  int64_t kv_bytes = 0;
  int64_t unshared_bytes = 0;  // sum of all parts if each graph has weights of its own
};

// Warmup shapes for a card, for whoever was given none: shape_ladder() with the largest KV cache
// that is known to have run. max_model_len is cut to the context that the card supports, the batch
// to what known programs hold.
std::vector<schedule::Shape> card_ladder(const checkpoint::ModelConfig& config,
                                         int64_t max_model_len, std::optional<int64_t> max_num_seqs,
                                         const CardProfile& profile = {});

// Errors: those of model::build(); kInvalidArgument: no shapes and no sequences.
Result<CardPlan> plan_card(const CardRequest& request, const CardProfile& profile = {});

std::string text(const CardPlan& plan);
Json to_json(const CardPlan& plan);

}  // namespace spyre::plan
