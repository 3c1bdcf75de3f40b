// Rows are computed one chosen expert at a time and added in the order of their own ranking, so a
// row's result does not depend on which other rows share the step.
#include "backend/eager/moe.h"

#include <cstring>

#include "backend/eager/matmul.h"

namespace spyre::backend {

namespace {

// Offsets of the scratch of one row, in bytes.
struct Layout {
  size_t input;       // prepared x
  size_t inner;       // prepared activation
  size_t gate_up;     // f32 [2 * inner]
  size_t expert_out;  // f32 [hidden]
  size_t weights;     // f32 [top_k]
  size_t chosen;      // i32 [top_k]
  size_t bytes;
};

Layout lay_out(const Weight& w_in, const Weight& w_out, int64_t top_k) {
  const int64_t hidden = w_in.shape[2];
  const int64_t inner = w_out.shape[2];
  size_t used = 0;
  const auto take = [&](size_t bytes) {
    const size_t at = used;
    used += (bytes + 63) / 64 * 64;
    return at;
  };
  Layout layout{};
  layout.input = take(prepared_row_bytes(w_in.input, hidden));
  layout.inner = take(prepared_row_bytes(w_out.input, inner));
  layout.gate_up = take(static_cast<size_t>(2 * inner) * sizeof(float));
  layout.expert_out = take(static_cast<size_t>(hidden) * sizeof(float));
  layout.weights = take(static_cast<size_t>(top_k) * sizeof(float));
  layout.chosen = take(static_cast<size_t>(top_k) * sizeof(int32_t));
  layout.bytes = used;
  return layout;
}

void choose(const float* logits, int64_t experts, int64_t top_k, int32_t* chosen) {
  for (int64_t rank = 0; rank < top_k; ++rank) {
    int32_t best = -1;
    for (int32_t expert = 0; expert < experts; ++expert) {
      bool taken = false;
      for (int64_t i = 0; i < rank; ++i) taken = taken || chosen[i] == expert;
      if (taken) continue;
      if (best < 0 || logits[expert] > logits[best]) best = expert;
    }
    chosen[rank] = best;
  }
}

}  // namespace

size_t moe_scratch_bytes(const Weight& w_in, const Weight& w_out, int64_t top_k) {
  return lay_out(w_in, w_out, top_k).bytes;
}

void run_moe(EagerContext& context, const MoeStep& step) {
  const int64_t experts = step.w_in->shape[0];
  const int64_t hidden = step.w_in->shape[2];
  const int64_t inner = step.w_out->shape[2];
  const Layout layout = lay_out(*step.w_in, *step.w_out, step.top_k);
  auto* base = context.experts.as<std::byte>();
  std::byte* prepared_x = base + layout.input;
  std::byte* prepared_inner = base + layout.inner;
  auto* gate_up = reinterpret_cast<float*>(base + layout.gate_up);
  auto* expert_out = reinterpret_cast<float*>(base + layout.expert_out);
  auto* weights = reinterpret_cast<float*>(base + layout.weights);
  auto* chosen = reinterpret_cast<int32_t*>(base + layout.chosen);
  for (int64_t row = 0; row < step.rows; ++row) {
    const float* logits = step.router_logits + row * experts;
    choose(logits, experts, step.top_k, chosen);
    for (int64_t i = 0; i < step.top_k; ++i) weights[i] = logits[chosen[i]];
    context.kernels.softmax(weights, weights, step.top_k);

    prepare_input(context, *step.w_in, step.x + row * hidden, 1, hidden, prepared_x);
    float* out = step.out + row * hidden;
    std::memset(out, 0, static_cast<size_t>(hidden) * sizeof(float));
    for (int64_t i = 0; i < step.top_k; ++i) {
      const auto expert = static_cast<size_t>(chosen[i]);
      float* up = gate_up + inner;
      matmul_prepared(context, step.w_in->matrices[expert], step.w_in->input, prepared_x, 1,
                      nullptr, gate_up);
      step.activation(gate_up, gate_up, inner);
      context.kernels.mul(gate_up, up, gate_up, inner);
      prepare_input(context, *step.w_out, gate_up, 1, inner, prepared_inner);
      matmul_prepared(context, step.w_out->matrices[expert], step.w_out->input, prepared_inner, 1,
                      nullptr, expert_out);
      context.kernels.scale(expert_out, weights[i], expert_out, hidden);
      context.kernels.add(out, expert_out, out, hidden);
    }
  }
}

}  // namespace spyre::backend
