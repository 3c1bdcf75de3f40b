// The tier of AMX for products of int8 rows: the bits of all lower tiers. Compiled with its own
// flags (CMakeLists.txt): see tiers.h for what that forbids.
#include "kernels/tier.h"
#include "kernels/tiers.h"
#include "kernels/vec_amx.h"

namespace spyre::kernels {

const KernelTable& amxint8_table() {
  static constexpr KernelTable kTable = tier_table<AmxInt8Vec>(Isa::kAmxInt8);
  return kTable;
}

PieceTable amxint8_pieces() {
  static constexpr TierPieces<AmxInt8Vec> kPieces;
  return kPieces.functions;
}

}  // namespace spyre::kernels
