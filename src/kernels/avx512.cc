// The AVX-512 VNNI tier. Compiled with its own flags (CMakeLists.txt): see tiers.h for what that
// forbids.
#include "kernels/tier.h"
#include "kernels/tiers.h"
#include "kernels/vec_avx512.h"

namespace spyre::kernels {

const KernelTable& avx512_table() {
  static constexpr KernelTable kTable = tier_table<Avx512Vec>(Isa::kAvx512);
  return kTable;
}

PieceTable avx512_pieces() {
  static constexpr TierPieces<Avx512Vec> kPieces;
  return kPieces.functions;
}

}  // namespace spyre::kernels
