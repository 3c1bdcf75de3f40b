// The tier of AMX, for bf16 with an order of roundings of its own. Compiled with its own flags
// (CMakeLists.txt): see tiers.h for what that forbids.
#include "kernels/tier.h"
#include "kernels/tiers.h"
#include "kernels/tile_check.h"
#include "kernels/vec_amx.h"

namespace spyre::kernels {

const KernelTable& amx_table() {
  static constexpr KernelTable kTable = tier_table<AmxVec>(Isa::kAmx);
  return kTable;
}

PieceTable amx_pieces() {
  static constexpr TierPieces<AmxVec> kPieces;
  return kPieces.functions;
}

void amx_products(const TileOperands& operands, TileProducts& out) {
  multiply_tiles<AmxTiles>(operands, out);
}

}  // namespace spyre::kernels
