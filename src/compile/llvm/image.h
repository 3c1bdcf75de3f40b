// Links an object with JITLink into an image: bytes that run wherever they are mapped, so that a
// program that only loads them needs no LLVM.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace spyre::compile {

struct Image {
  std::string bytes;
  int64_t entry = 0;  // offset of the function in the bytes
};

// kUnsupported: the object calls something outside, or holds an absolute address.
Result<Image> link_image(std::string_view object, std::string_view entry);

}  // namespace spyre::compile
