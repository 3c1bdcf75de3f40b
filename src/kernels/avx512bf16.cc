// The AVX-512 VNNI tier, with what BF16 does better. Compiled with its own flags
// (CMakeLists.txt): see tiers.h for what that forbids.
#include "kernels/tier.h"
#include "kernels/tiers.h"
#include "kernels/vec_avx512bf16.h"

namespace spyre::kernels {

const KernelTable& avx512bf16_table() {
  static constexpr KernelTable kTable = tier_table<Avx512Bf16Vec>(Isa::kAvx512Bf16);
  return kTable;
}

PieceTable avx512bf16_pieces() {
  static constexpr TierPieces<Avx512Bf16Vec> kPieces;
  return kPieces.functions;
}

}  // namespace spyre::kernels
