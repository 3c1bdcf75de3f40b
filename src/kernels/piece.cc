// Names and tables of pieces, and the one piece that no tier specialises: the look-up of
// embeddings.
#include "kernels/piece.h"

#include "kernels/kernels.h"
#include "kernels/tiers.h"

namespace spyre::kernels {

namespace {

template <Format kFormat>
void piece_embed(const Piece& p, void* const* at, int64_t, int64_t begin, int64_t end) {
  const PackedMatrix table = {.format = kFormat,
                              .rows = p.depth,
                              .columns = p.columns,
                              .group_columns = p.run,
                              .panels = static_cast<const std::byte*>(at[p.weight])};
  const auto* ids = static_cast<const int32_t*>(at[p.ids]);
  auto* out = static_cast<float*>(at[p.out.slot]) + p.out.offset;
  for (int64_t row = begin; row < end; ++row) unpack_row(table, ids[row], out + row * p.out.stride);
}

PieceFunction embed_function(Format format) {
  switch (format) {
#define SPYRE_WEIGHT_FLOAT(format) \
  case Format::format:             \
    return piece_embed<Format::format>;
#define SPYRE_WEIGHT_INTEGER(format) SPYRE_WEIGHT_FLOAT(format)
#include "kernels/kernel_list.inc"
  }
  return nullptr;
}

std::string_view enumerator(Format format) {
  switch (format) {
#define SPYRE_WEIGHT_FLOAT(format) \
  case Format::format:             \
    return #format;
#define SPYRE_WEIGHT_INTEGER(format) SPYRE_WEIGHT_FLOAT(format)
#include "kernels/kernel_list.inc"
  }
  return "";
}

PieceTable pieces_of(Isa isa) {
  switch (isa) {
#define SPYRE_ISA(tier, word) \
  case Isa::tier:             \
    return word##_pieces();
#include "kernels/isa_list.inc"
  }
  return scalar_pieces();
}

}  // namespace

size_t prepared_row_bytes(InputType type, int64_t columns) {
  constexpr size_t kAlign = 64;
  // bf16 goes in pairs.
  const size_t floats = static_cast<size_t>(columns + (type == InputType::kBF16 ? columns % 2 : 0));
  const size_t bytes =
      type == InputType::kInt8 ? quantized_row_bytes(columns) : floats * sizeof(float);
  return (bytes + kAlign - 1) / kAlign * kAlign;
}

std::string_view name(PieceKind kind) { return kPieceNames[static_cast<size_t>(kind)]; }

std::string symbol(PieceKind kind, Format format) {
  std::string text = "spyre_" + std::string(name(kind));
  switch (kind) {
#define SPYRE_PIECE_OF_FORMAT(kind, name) case PieceKind::kind:
#include "kernels/piece_list.inc"
    text += "_" + std::string(enumerator(format));
    break;
    default:
      break;
  }
  return text;
}

PieceFunction piece_function(Isa isa, PieceKind kind, Format format) {
  if (kind == PieceKind::kEmbed) return embed_function(format);
  return pieces_of(isa)[static_cast<size_t>(kind)][static_cast<size_t>(format)];
}

}  // namespace spyre::kernels
