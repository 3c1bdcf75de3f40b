// The moe_mlp op: top-k routing to expert MLPs with gated activations (GraniteMoe; Shazeer et al.
// 2017, arXiv 1701.06538).
#pragma once

#include "backend/eager/context.h"

namespace spyre::backend {

struct MoeStep {
  const float* x;              // [rows, hidden]
  const float* router_logits;  // [rows, experts]
  const Weight* w_in;          // [experts, 2 * inner, hidden]: gate rows, then up rows
  const Weight* w_out;         // [experts, hidden, inner]
  float* out;                  // [rows, hidden]
  int64_t rows;
  int64_t top_k;
  void (*activation)(const float* x, float* out, int64_t n);
};

size_t moe_scratch_bytes(const Weight& w_in, const Weight& w_out, int64_t top_k);

// out[r] = sum over the chosen experts e, best first, of p(e) * w_out[e] (activation(gate) * up),
// [gate; up] = w_in[e] x[r]; p = softmax over the top_k router logits. Ties go to the lower expert.
void run_moe(EagerContext& context, const MoeStep& step);

}  // namespace spyre::backend
