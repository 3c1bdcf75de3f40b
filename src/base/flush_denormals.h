// How a thread treats numbers below 2^-126. FlushDenormals takes them for zeros for as long as it
// lives, in what is read and in what is computed: as matrix units do, whatever they are told.
// Elsewhere than on x86 nothing happens.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace spyre {

// Of the calling thread; a mode read on one thread may be set on another.
#if defined(__x86_64__)
inline unsigned float_mode() { return _mm_getcsr(); }
inline void set_float_mode(unsigned mode) { _mm_setcsr(mode); }
#else
inline unsigned float_mode() { return 0; }
inline void set_float_mode(unsigned) {}
#endif

class FlushDenormals {
 public:
  FlushDenormals() : before_(float_mode()) { set_float_mode(before_ | kFlushToZero | kZeroInputs); }
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
  ~FlushDenormals() { set_float_mode(before_); }

 private:
  static constexpr unsigned kFlushToZero = 1u << 15;
  static constexpr unsigned kZeroInputs = 1u << 6;
  const unsigned before_;
};

}  // namespace spyre
