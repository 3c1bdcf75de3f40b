// What the eager ops share: the kernels, the threads, the KV cache, and scratch memory that grows
// only while graphs are prepared. Also the one rule by which row-wise work is split over threads.
#pragma once

#include <cstdint>

#include "backend/kv_cache.h"
#include "backend/weights.h"
#include "base/aligned_buffer.h"
#include "base/thread_pool.h"
#include "kernels/kernels.h"

namespace spyre::backend {

// A scratch region: reserved while programs are prepared, used while they run.
class Scratch {
 public:
  Status reserve(size_t bytes) {
    if (bytes <= buffer_.bytes()) return {};
    SPYRE_TRY_ASSIGN(buffer_, AlignedBuffer::create(bytes));
    return {};
  }
  size_t bytes() const { return buffer_.bytes(); }
  template <typename T>
  T* as() const {
    return reinterpret_cast<T*>(buffer_.data());
  }

 private:
  AlignedBuffer buffer_;
};

struct EagerContext {
  const WeightSet& weights;
  const KvCache& kv_cache;
  ThreadPool& pool;
  const kernels::KernelTable& kernels;

  Scratch arena;            // values of the running program
  Scratch prepared_input;   // matmul inputs, rounded or quantised
  Scratch reordered_input;  // one row per thread, for weights with an input order
  Scratch attention;        // per thread
  Scratch experts;          // moe_mlp

  // Below this many element operations a job costs less than waking the other threads for it.
  static constexpr int64_t kSerialWork = int64_t{32} * 1024;

  // Calls body(begin, end) over [0, rows), on all threads when rows * work_per_row is worth it.
  template <typename Body>
  void for_rows(int64_t rows, int64_t work_per_row, Body&& body) {
    if (rows == 1 || rows * work_per_row < kSerialWork) {
      body(int64_t{0}, rows);
    } else {
      pool.parallel_for(rows, body);
    }
  }
};

}  // namespace spyre::backend
