#include "kernels/tile_check.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "base/flush_denormals.h"
#include "kernels/isa.h"
#include "kernels/tiles_emulated.h"

namespace spyre::kernels {

namespace {

constexpr int kTrials = 8;

// bf16 numbers of all sorts but infinities and NaNs: of like size, so that roundings show, and in
// every other trial down to denormals. Their bytes are the integers of the other products.
void fill(uint8_t* bytes, uint32_t& state, bool tiny) {
  for (int i = 0; i < kTileBytes; i += 2) {
    state = state * 1664525u + 1013904223u;
    const uint32_t exponent = (tiny ? 0x3fu : 0x7fu) - (state >> 8 & (tiny ? 0x3f : 0x3));
    const uint32_t bits = (state >> 16 & 0x8000u) | exponent << 7 | (state >> 24 & 0x7fu);
    bytes[i] = static_cast<uint8_t>(bits);
    bytes[i + 1] = static_cast<uint8_t>(bits >> 8);
  }
}

// Bit for bit; none is a NaN.
template <typename T>
bool same(const T& a, const T& b) {
  return std::equal(std::begin(a), std::end(a), std::begin(b), [](auto x, auto y) {
    return std::bit_cast<uint32_t>(x) == std::bit_cast<uint32_t>(y);
  });
}

}  // namespace

void emulated_products(const TileOperands& operands, TileProducts& out) {
  const FlushDenormals flush;
  multiply_tiles<EmulatedTiles>(operands, out);
}

TileTrust check_tiles(TileMultiply multiply) {
  TileTrust trust = {.int8 = true, .bf16 = true};
  uint32_t state = 1;
  for (int trial = 0; trial < kTrials; ++trial) {
    TileOperands operands;
    fill(operands.a, state, trial % 2 == 1);
    fill(operands.b, state, trial % 2 == 1);
    TileProducts wanted;
    TileProducts found;
    emulated_products(operands, wanted);
    multiply(operands, found);
    trust.int8 = trust.int8 && same(wanted.s8_s8, found.s8_s8) && same(wanted.s8_u8, found.s8_u8);
    trust.bf16 = trust.bf16 && same(wanted.bf16, found.bf16);
  }
  return trust;
}

Isa trusted_isa(Isa isa) {
  if (isa != Isa::kAmx && isa != Isa::kAmxInt8) return isa;
  const TileTrust trust = check_tiles(amx_products);
  if (!trust.int8) return Isa::kAvx512Bf16;
  return trust.bf16 ? isa : Isa::kAmxInt8;
}

}  // namespace spyre::kernels
