#include "kernels/isa.h"

#include <algorithm>

namespace spyre::kernels {

std::string_view name(Isa isa) {
  switch (isa) {
#define SPYRE_ISA(tier, word) \
  case Isa::tier:             \
    return #word;
#include "kernels/isa_list.inc"
  }
  return "";
}

std::optional<Isa> isa_of(std::string_view word) {
  const auto* const found =
      std::ranges::find_if(kIsas, [&](Isa each) { return name(each) == word; });
  if (found == kIsas.end()) return std::nullopt;
  return *found;
}

bool runs_on(const CpuFeatures& features, Isa isa) {
  switch (isa) {
    case Isa::kScalar:
      return true;
    case Isa::kAvx2:
      return features.avx2;
    case Isa::kAvxVnni:
      return features.avx2 && features.avx_vnni;
    case Isa::kAvx512:
      return features.avx512 && features.avx512_vnni;
    case Isa::kAvx512Bf16:
      return runs_on(features, Isa::kAvx512) && features.avx512_bf16;
    case Isa::kAmxInt8:
      return runs_on(features, Isa::kAvx512Bf16) && features.amx_int8;
    case Isa::kAmx:
      return runs_on(features, Isa::kAmxInt8) && features.amx_bf16;
  }
  return false;
}

Isa best_isa(const CpuFeatures& features) {
  Isa best = Isa::kScalar;
  for (const Isa each : kIsas) {
    if (runs_on(features, each)) best = each;
  }
  return best;
}

}  // namespace spyre::kernels
