// One program of the native backend: resolves slots to addresses and takes every thread through the
// phases.
#pragma once

#include <vector>

#include "backend/backend.h"
#include "backend/kv_cache.h"
#include "backend/native/code_store.h"
#include "backend/native/native_backend.h"
#include "base/aligned_buffer.h"
#include "base/barrier.h"
#include "compile/program.h"

namespace spyre::backend {

// What all programs of the backend share; memory grows only while programs are prepared.
struct NativeContext {
  const WeightSet& weights;
  const KvCache& kv_cache;
  ThreadPool& pool;
  kernels::Isa isa;
  Barrier barrier;

  AlignedBuffer arena;
  AlignedBuffer prepared;
  AlignedBuffer private_scratch;  // [threads]
  AlignedBuffer ropes;            // cosines and sines of the running program
  NativeScratch scratch = {};

  Status reserve(const NativeScratch& wanted);
  size_t private_stride() const;
};

class NativeProgram final : public Program {
 public:
  NativeProgram(NativeContext& context, compile::Program program, const CodeStore& code);

  std::span<float> run(const StepInputs& inputs) override;

 private:
  // How a routine is run: by its machine code, else piece by piece.
  struct Functions {
    compile::RoutineFunction code = nullptr;
    std::vector<kernels::PieceFunction> pieces;
  };

  // A slot as far as it does not vary from step to step.
  struct Frame;
  void fill_ropes(int thread);
  void run_thread(int thread);
  void run_phase(const compile::Phase& phase, Frame& frame);
  void run_prologue(const compile::Phase& phase, Frame& frame);
  void run_items(const compile::Phase& phase, Frame& frame);
  void run_panels(const compile::Phase& phase, Frame& frame);
  void call(const compile::Task& task, Frame& frame, int64_t rows, int64_t begin, int64_t end);
  void* address(const compile::Slot& slot, const Frame& frame) const;
  int64_t rows_of(int64_t row_input) const;

  NativeContext& context_;
  const compile::Program program_;
  std::vector<Functions> functions_;    // per routine
  std::vector<const Weight*> weights_;  // as in program_.weights
  std::vector<size_t> rope_offsets_;    // of the cosines, in floats; the sines follow
  std::vector<uint8_t> seen_;           // per sequence of a step
  std::array<std::span<const int32_t>, compile::kStepInputs.size()> inputs_;
  bool rows_are_strangers_ = false;  // no two rows of the step are of one sequence
};

}  // namespace spyre::backend
