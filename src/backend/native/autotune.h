// Chooses a program's tuning (compile/tuning.h) by running it: whole steps over the real weights,
// all threads, candidates taking turns so that a machine that changes its pace is fair to all. Bits
// do not depend on the choice. The way of gemma.cpp's matmul tuner, but for a phase in its place
// among the others, where caches are as they will be.
#pragma once

#include "backend/native/native_program.h"
#include "compile/tuning.h"

namespace spyre::backend {

// Runs the program's ahead-of-time pieces for about so many seconds at most. Its scratch is
// reserved; nothing else of the backend runs meanwhile. The KV cache is left alone.
compile::Tuning autotune(NativeContext& context, const compile::Program& program, double seconds);

}  // namespace spyre::backend
