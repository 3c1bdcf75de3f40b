// Owned, zeroed, page-backed memory: 64-byte aligned at least, huge pages asked for when large.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"

namespace spyre {

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  AlignedBuffer(AlignedBuffer&& other) noexcept;
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept;
  ~AlignedBuffer();

  // Zeroed bytes, first touched by whoever writes them. kResourceExhausted when the system has no
  // room.
  static Result<AlignedBuffer> create(size_t bytes);

  std::byte* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  template <typename T>
  std::span<T> as() const {
    return {reinterpret_cast<T*>(data_), bytes_ / sizeof(T)};
  }

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace spyre
