// Links an object with JITLink into an image: bytes that run wherever they are mapped, so that a
// program that only loads them needs no LLVM.
#pragma once

#include <string_view>

#include "base/result.h"
#include "compile/code.h"

namespace spyre::compile {

// kUnsupported: the object calls something outside, or holds an absolute address.
Result<MachineCode> link_image(std::string_view object, std::string_view entry);

}  // namespace spyre::compile
