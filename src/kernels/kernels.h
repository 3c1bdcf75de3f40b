// Kernels: functions on raw pointers. They know nothing of graphs, requests or files; they allocate
// nothing and cannot fail. Every tier computes the same bits as the scalar tier, but for
// matmul_bf16 of kAmx: each output's sequence of roundings is fixed here, in the comments, and
// depends on its own row, weights and absolute positions only (never on batch, tiling, threads or
// ISA). FMA below means a fused multiply-add with one rounding. "lanes16" means sixteen partial
// sums, element i going to lane i mod 16 in ascending order, then combined as ((l0+l8)+(l4+l12))
// ... by halves: 8 apart, 4 apart, 2 apart, 1 apart. A NaN is a NaN in every tier; its sign and
// payload are nobody's promise.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/format.h"
#include "kernels/isa.h"

namespace spyre::kernels {

inline constexpr int kPanelRows = 16;        // weight rows (outputs) side by side in a panel
inline constexpr int kQuantBlock = 32;       // activations per int8 scale
inline constexpr int kKvBlockTokens = 64;    // tokens per KV block
inline constexpr int kAttentionChunk = 256;  // keys per softmax step, by absolute position

// Input of a matmul that one pass over the panels works on, in bytes: it stays in the L2 cache (1
// to 2 MB on servers) while every panel streams by.
inline constexpr int64_t kInputPassBytes = int64_t{512} * 1024;

// A weight matrix [rows, columns] (outputs, inputs) packed by pack_panel(): panels of 16 rows,
// columns ascending inside.
struct PackedMatrix {
  Format format = Format::kF32;
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t group_columns = 0;          // grouped formats only
  const std::byte* panels = nullptr;  // 64-byte aligned, packed_bytes() long
};

// One row of int8 activations: value[k] = scale[k / 32] * q[k], q in [-127, 127]; scale = max|x| /
// 127 over the block. Laid out as blocks of 32 with their scale and sums (layout.h); 4-byte
// aligned.
size_t quantized_row_bytes(int64_t columns);

struct MatmulArgs {
  const PackedMatrix* weights;
  const void*
      input;  // f32 kernels: [m][input_stride bytes]; int8 kernels: rows of quantized_row_bytes()
  int64_t input_stride;   // bytes between rows
  int64_t m;              // rows of input
  float* output;          // [m][output_stride]
  int64_t output_stride;  // floats between rows
  const float* bias;      // [rows] or null: added last, one addition
  int64_t panel_begin;    // this call computes outputs of panels [begin, end)
  int64_t panel_end;
  // Of no influence on bits, as is the order in which panels and rows are walked.
  int64_t prefetch_bytes = 0;  // how far ahead of their use weights are asked for; 0: not at all
  int64_t pass_bytes = kInputPassBytes;
};
using MatmulFunction = void (*)(const MatmulArgs&);

// Attention of a tile of query rows over paged keys and values, one KV head and some of the query
// heads that share it. The rows are of one sequence, at positions one after the other.
//   out[r,g,d] = sum_t softmax_t(scale * q[r,g,:] . k[t,:]) * v[t,d],   all t visible to row r:
//   t <= position + r, and with a window t > position + r - window;  with keys > 0: t < keys
// K block: [head_dim][64] (tokens along the lanes), V block: [64][head_dim], both of kv_format, per
// (block, kv head). Scores: one FMA chain over d ascending from 0, then times scale, then softcap *
// tanh(s / softcap) when softcap > 0, then + bias[g * bias_stride + t - (position + r)] where there
// is one. Chunks of 256 positions, cut at multiples of 256, ascending;
// per chunk max, p = exp(s - max), lanes16 sum, PV by one FMA chain over t ascending; chunks merged
// in ascending order (Milakov & Gimelshein 2018, arXiv 1805.02867).
struct AttentionArgs {
  const float* q;  // [rows][group][head_dim]
  float* out;      // [rows], out_stride floats apart, of [group][head_dim]
  int64_t out_stride;
  int64_t rows;
  int64_t group;  // query heads
  int64_t head_dim;
  const std::byte* k_pool;  // block b of this layer and KV head at k_pool + b * block_stride
  const std::byte* v_pool;
  int64_t block_stride;        // bytes
  const int32_t* block_table;  // block of positions 64*i .. 64*i+63
  int64_t window;              // positions a row sees, its own the last; 0: all
  int64_t keys;                // > 0: every row sees positions [0, keys); needs no window
  int64_t position;            // of the first row
  float scale;
  float softcap;      // 0 = off
  const float* bias;  // of the first head, at distance 0; null: none. Read for all keys of a row's
                      // chunks, up to the next multiple of 64
  int64_t bias_stride;  // floats between heads
  float* scratch;       // attention_scratch_floats(rows * group, head_dim)
};
using AttentionFunction = void (*)(const AttentionArgs&);
size_t attention_scratch_floats(int64_t pairs, int64_t head_dim);
// Rows that are best taken together, at most: enough pairs for full registers, while what is theirs
// stays in the nearest cache.
int64_t attention_tile_rows(int64_t group);

// Everything a tier offers. Filled from kernel_list.inc; an entry a tier lacks is the next lower
// tier's.
struct KernelTable {
  Isa isa;
  // Inputs f32, weights dequantised to f32 exactly as the reference does; output = one FMA chain
  // over columns ascending.
  MatmulFunction matmul_f32[kNumFormats];
  // Weights bf16, inputs what prepare_bf16() of the same tier makes. Per pair of columns (2j, 2j +
  // 1), ascending: acc = FMA(w[2j+1], x[2j+1], acc), then acc = FMA(w[2j], x[2j], acc), as
  // VDPBF16PS has it; a last column without a partner has a zero. That instruction takes numbers
  // below 2^-126 for zeros, so every tier is called with denormals flushed
  // (base/flush_denormals.h). Tier kAmx alone has another order, that of its tiles
  // (matmul_bf16_tiles.h).
  MatmulFunction matmul_bf16;
  // x: [columns] f32, rounded to bf16 as round_bf16 does; out: prepared_row_bytes(kBF16, columns).
  void (*prepare_bf16)(const float* x, std::byte* out, int64_t columns);
  // Inputs int8 rows. Null for float formats. Per block of 32 (ascending): isum exact in int32,
  // zero points removed in integers (Q6_K: the two integer sub-scales multiplied in), acc =
  // FMA(float(isum), weight_scale * input_scale, acc); mins in a second accumulator, mins =
  // FMA(weight_min, input_scale * float(sum of q), mins), added at the end.
  MatmulFunction matmul_int8[kNumFormats];
  // x: [columns] f32 -> one quantized row; a last block that is not full is filled with zeros.
  // Rounds to nearest even; a block with max|x| < 2^-100 has scale 0, one with an infinity or a NaN
  // has scale NaN (and so have all outputs that meet it).
  void (*quantize_row)(const float* x, int64_t columns, std::byte* out);
  AttentionFunction attention_f32;  // KV stored as f32, f16, bf16
  AttentionFunction attention_f16;
  AttentionFunction attention_bf16;
  // out = x / sqrt(mean(x^2) + eps) * w (arXiv 1910.07467); lanes16 sum of squares. weight_offset
  // is added to w (gemma: 1).
  void (*rms_norm)(const float* x, const float* w, float* out, int64_t n, float eps,
                   float weight_offset);
  // out = (x - mean) / sqrt(var + eps) * w + b; two passes, lanes16 each. b may be null.
  void (*layer_norm)(const float* x, const float* w, const float* b, float* out, int64_t n,
                     float eps);
  // Rotates pairs (i, i + rotary/2) of the first rotary elements of a head in place (arXiv
  // 2104.09864, rotate-half form): a c - b s, b c + a s, each product rounded. cosines, sines:
  // [rotary / 2].
  void (*rope)(float* head, const float* cosines, const float* sines, int64_t rotary);
  // x: [rows, columns], at least one row -> [columns]: the mean (one chain of additions, rows
  // ascending, then divided) and the largest value of each column.
  void (*mean_rows)(const float* x, float* out, int64_t rows, int64_t columns);
  void (*max_rows)(const float* x, float* out, int64_t rows, int64_t columns);
  // Elementwise, in place allowed: silu, gelu (erf form), gelu_tanh, relu, tanh, round_bf16 and
  // round_f16 (to nearest even and back, as matmul inputs are; f16 saturates at 65504); add, mul.
#define SPYRE_UNARY(name) void (*name)(const float* x, float* out, int64_t n);
#define SPYRE_BINARY(name) void (*name)(const float* a, const float* b, float* out, int64_t n);
#include "kernels/kernel_list.inc"
  void (*scale)(const float* x, float factor, float* out, int64_t n);
  // softmax over n values: max, p = exp(x - max), lanes16 sum, p / sum.
  void (*softmax)(const float* x, float* out, int64_t n);
};

// The table of a tier; only call what runs_on() says this machine has.
const KernelTable& kernel_table(Isa isa);

// Packing: portable, once at load.

// columns must be a multiple of the format's block (grouped: group_columns a multiple of 32,
// columns of group_columns).
size_t packed_bytes(Format format, int64_t rows, int64_t columns, int64_t group_columns);

// Packs one panel. rows[i]: bytes of row i as the file stores it, i < num_rows <= 16 (missing rows
// become zeros).
void pack_panel(Format format, const std::byte* const* rows, int num_rows, int64_t columns,
                std::byte* panel);

// Grouped formats: levels [num_rows][columns] u8, scales f16 and zeros i16 [num_rows][columns /
// group_columns].
void pack_grouped_panel(Format format, const uint8_t* levels, const uint16_t* scales,
                        const int16_t* zeros, int num_rows, int64_t columns, int64_t group_columns,
                        std::byte* panel);

// One row back as f32, same values as the reference dequantisation. out: [columns]. Serves
// embedding look-ups.
void unpack_row(const PackedMatrix& weights, int64_t row, float* out);

// Writes one token's K and V (head_dim floats each) of one KV head into its block at slot 0..63,
// converting to kv_format (nearest even; f16 saturates at 65504).
void write_kv(Format kv_format, const float* k, const float* v, int64_t head_dim, int64_t slot,
              std::byte* k_block, std::byte* v_block);

}  // namespace spyre::kernels
