// One program of the native backend: resolves slots to addresses and takes every thread through the
// phases.
#pragma once

#include <vector>

#include "backend/backend.h"
#include "backend/kv_cache.h"
#include "backend/native/attention_plan.h"
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
  // Borrows context and code.
  NativeProgram(NativeContext& context, compile::Program program, const CodeStore& code,
                CodeOrigin origin = {});

  std::span<float> run(const StepInputs& inputs) override;
  std::optional<ProgramReport> report() const override;

  // From now on every phase is timed.
  void time_phases();
  // The fastest of each phase so far, barrier to barrier; infinity for one that did not run. Empty
  // without time_phases().
  std::span<const double> phase_seconds() const { return phase_seconds_; }
  // All but attention, and so without a trace in the KV cache: what matmuls take.
  void run_without_attention(const StepInputs& inputs);

  const compile::Program& program() const { return program_; }

 private:
  // How a routine is run: by its machine code, else piece by piece.
  struct Functions {
    compile::RoutineFunction code = nullptr;
    std::vector<kernels::PieceFunction> pieces;
  };

  // A slot as far as it does not vary from step to step.
  struct Frame;
  void begin(const StepInputs& inputs);
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
  const CodeStore& code_;
  const CodeOrigin origin_;
  std::vector<Functions> functions_;    // per routine
  std::vector<const Weight*> weights_;  // as in program_.weights
  std::vector<float> relative_;         // Program::relative by distance
  std::vector<size_t> rope_offsets_;    // of the cosines, in floats; the sines follow
  AttentionPlan attention_;
  std::array<std::span<const int32_t>, compile::kStepInputs.size()> inputs_;
  bool without_attention_ = false;
  std::vector<double> phase_seconds_;  // per phase; empty: not timed
};

}  // namespace spyre::backend
