// Pieces: what compiled programs are made of. A piece is one op on a share of a region's work,
// written as a function of constants (Piece) and of addresses and counts (the rest): an ahead-of-
// time program calls it through the table of its tier, the compiler binds the constants and inlines
// it. Either way it is the same function over the same kernels, hence the same bits.
//
// A share is a range [begin, end) of
//   rows    of the step;
//   panels  of 16 columns of a matmul's output, for all rows;
//   items   of attention: (row, KV head), the head changing first; or those of a list, each a tile
//           of rows and heads (AttentionItem).
// Slots are numbers of addresses, which the caller resolves per call: at[slot].
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/kernels.h"

namespace spyre::kernels {

enum class PieceKind : uint8_t {
#define SPYRE_PIECE(kind, name) kind,
#define SPYRE_PIECE_OF_FORMAT(kind, name) kind,
#include "kernels/piece_list.inc"
};

inline constexpr int64_t kNoSlot = -1;

// Element (row, column) lies at at[slot] + offset + row * stride + column, in elements. A stride of
// 0 is a buffer of one row that every row uses in turn.
struct Operand {
  int64_t slot = kNoSlot;
  int64_t offset = 0;
  int64_t stride = 0;
  bool operator==(const Operand&) const = default;
};

// Rows of one sequence at positions one after the other, and query heads of one KV head.
struct AttentionItem {
  int32_t row = 0;  // the first
  int32_t rows = 0;
  int32_t head = 0;  // the first
  int32_t heads = 0;
};

// What each field means to a kind is said in piece_list.inc. No padding: the bytes are what the
// compiler embeds and what tells two pieces apart.
struct Piece {
  Operand x;
  Operand y;
  Operand out;
  int64_t weight = kNoSlot;
  int64_t bias = kNoSlot;  // kNoSlot: none
  int64_t ids = kNoSlot;
  int64_t table = kNoSlot;     // block table; rope: cosines
  int64_t extra = kNoSlot;     // scratch; rope: sines
  int64_t items = kNoSlot;     // the list of AttentionItem; none: items are (row, KV head)
  int64_t lengths = kNoSlot;   // of sequences, in tokens
  int64_t relative = kNoSlot;  // bias of scores: [heads], relative_stride floats each
  int64_t columns = 0;         // of out
  int64_t depth = 0;           // of x, where it differs
  int64_t run = 0;             // columns that belong together: a head, a group of a grouped format
  int64_t count = 0;           // of what the kind says
  int64_t stride = 0;          // bytes between what the kind says
  int64_t window = 0;
  int64_t relative_stride = 0;
  int64_t prefetch_bytes = 0;  // matmul: MatmulArgs::prefetch_bytes
  int64_t pass_bytes = 0;      // matmul: MatmulArgs::pass_bytes
  int64_t by_panels = 0;       // elementwise: 1 when the share is of panels
  float a = 0.0f;
  float b = 0.0f;
  bool operator==(const Piece&) const = default;
};

// at: addresses by slot. rows: of the step, for shares of panels. Allocates nothing, cannot fail.
using PieceFunction = void (*)(const Piece& piece, void* const* at, int64_t rows, int64_t begin,
                               int64_t end);

// A piece with the function it wants.
struct PieceCall {
  PieceKind kind{};
  Format format{};  // of weights, keys and values, or prepared rows; else kF32
  Piece piece;
  bool operator==(const PieceCall&) const = default;
};

// What a matmul's inputs are rounded to before they meet the weights; sums are f32 (int8: exact
// integers per block of 32).
enum class InputType : uint8_t { kF32, kF16, kBF16, kInt8 };

// Bytes of one prepared input row; rows lie so far apart, a multiple of 64.
size_t prepared_row_bytes(InputType type, int64_t columns);

std::string_view name(PieceKind kind);
// The name of the piece's function in the modules that the compiler takes it from.
std::string symbol(PieceKind kind, Format format);
// Null for a pair that does not exist.
PieceFunction piece_function(Isa isa, PieceKind kind, Format format);

inline constexpr std::array kPieceNames = {
#define SPYRE_PIECE(kind, name) std::string_view(#name),
#define SPYRE_PIECE_OF_FORMAT(kind, name) std::string_view(#name),
#include "kernels/piece_list.inc"
};

}  // namespace spyre::kernels
