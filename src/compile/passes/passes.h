// The passes. What each does, and why it keeps the bits, is said in its own file; their order is
// that of passes.inc.
#pragma once

#include "compile/regions.h"

namespace spyre::compile {

#define SPYRE_PASS(function, name, optional) void function(Module& module);
#include "compile/passes/passes.inc"
#undef SPYRE_PASS

}  // namespace spyre::compile
