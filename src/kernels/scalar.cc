// The scalar tier: the definition of every kernel's bits, for any x86-64.
#include "kernels/tier.h"
#include "kernels/tiers.h"
#include "kernels/vec_scalar.h"

namespace spyre::kernels {

const KernelTable& scalar_table() {
  static constexpr KernelTable kTable = tier_table<ScalarVec>(Isa::kScalar);
  return kTable;
}

PieceTable scalar_pieces() {
  static constexpr TierPieces<ScalarVec> kPieces;
  return kPieces.functions;
}

}  // namespace spyre::kernels
