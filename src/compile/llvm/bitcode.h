// The pieces of each tier as LLVM bitcode, built with this program.
#pragma once

#include <string_view>

#include "kernels/kernels.h"

namespace spyre::compile {

std::string_view bitcode(kernels::Isa isa);

}  // namespace spyre::compile
