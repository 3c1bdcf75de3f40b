// The instruction set tiers (isa_list.inc): their names, and which of them a CPU has.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/cpu.h"

namespace spyre::kernels {

enum class Isa {
#define SPYRE_ISA(tier, word) tier,
#include "kernels/isa_list.inc"
};

inline constexpr std::array kIsas = {
#define SPYRE_ISA(tier, word) Isa::tier,
#include "kernels/isa_list.inc"
};

// As --isa spells it.
std::string_view name(Isa isa);
std::optional<Isa> isa_of(std::string_view name);

// Tiers are no ladder: AVX-VNNI is missing from some CPUs that have AVX-512.
bool runs_on(const CpuFeatures& features, Isa isa);
Isa best_isa(const CpuFeatures& features);

// isa, or the next lower tier that multiplies as it should: those of AMX are tried out first
// (tile_check.h). Only for what runs_on() this machine.
Isa trusted_isa(Isa isa);

}  // namespace spyre::kernels
