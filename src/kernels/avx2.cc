// The AVX2 tier. Compiled with its own flags (CMakeLists.txt): see tiers.h for what that forbids.
#include "kernels/tier.h"
#include "kernels/tiers.h"
#include "kernels/vec_avx2.h"

namespace spyre::kernels {

const KernelTable& avx2_table() {
  static constexpr KernelTable kTable = tier_table<Avx2Vec>(Isa::kAvx2);
  return kTable;
}

PieceTable avx2_pieces() {
  static constexpr TierPieces<Avx2Vec> kPieces;
  return kPieces.functions;
}

}  // namespace spyre::kernels
