// The tier of AVX2 with VNNI. Compiled with its own flags (CMakeLists.txt): see tiers.h for what
// that forbids.
#include "kernels/tier.h"
#include "kernels/tiers.h"
#include "kernels/vec_avxvnni.h"

namespace spyre::kernels {

const KernelTable& avxvnni_table() {
  static constexpr KernelTable kTable = tier_table<AvxVnniVec>(Isa::kAvxVnni);
  return kTable;
}

PieceTable avxvnni_pieces() {
  static constexpr TierPieces<AvxVnniVec> kPieces;
  return kPieces.functions;
}

}  // namespace spyre::kernels
