#include "backend/native/native_program.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "backend/eager/rope_table.h"
#include "backend/native/native_report.h"
#include "backend/relative_bias.h"
#include "base/flush_denormals.h"
#include "compile/tuning.h"

namespace spyre::backend {

using compile::Base;
using compile::Phase;
using compile::Slot;
using compile::Task;
using compile::Work;

namespace {

using Clock = std::chrono::steady_clock;

std::pair<int64_t, int64_t> share(int64_t count, int64_t thread, int64_t threads) {
  return {count * thread / threads, count * (thread + 1) / threads};
}

}  // namespace

// A thread's way through the phases.
struct NativeProgram::Frame {
  int thread;
  int threads;
  std::byte* own;       // scratch
  std::byte* prepared;  // of the running phase
  std::array<void*, compile::kMaxSlots> at;
};

Status NativeContext::reserve(const NativeScratch& wanted) {
  const auto grow = [](AlignedBuffer& buffer, size_t bytes) -> Status {
    if (bytes <= buffer.bytes()) return {};
    SPYRE_TRY_ASSIGN(buffer, AlignedBuffer::create(bytes));
    return {};
  };
  NativeScratch larger = scratch;
  larger.cover(wanted);
  SPYRE_TRY(grow(arena, larger.arena));
  SPYRE_TRY(grow(prepared, larger.prepared));
  SPYRE_TRY(grow(private_scratch, larger.private_bytes));
  SPYRE_TRY(grow(ropes, larger.ropes));
  scratch = larger;
  return {};
}

size_t NativeContext::private_stride() const {
  return scratch.private_bytes / static_cast<size_t>(pool.num_threads());
}

NativeProgram::NativeProgram(NativeContext& context, compile::Program program,
                             const CodeStore& code, CodeOrigin origin)
    : context_(context),
      program_(std::move(program)),
      code_(code),
      origin_(std::move(origin)),
      attention_(program_.tiles, program_.capacity[1],
                 program_.max_blocks == 0 ? 0 : program_.capacity[3] / program_.max_blocks,
                 context.pool.num_threads()) {
  for (const compile::Routine& routine : program_.routines) {
    Functions functions;
    functions.code = code.find(routine);
    for (const kernels::PieceCall& call : routine.calls) {
      functions.pieces.push_back(kernels::piece_function(context_.isa, call.kind, call.format));
      SPYRE_CHECK(functions.pieces.back() != nullptr);
    }
    functions_.push_back(std::move(functions));
  }
  for (const std::string& name : program_.weights) {
    weights_.push_back(&context_.weights.find(name)->second);
  }
  if (program_.relative) {
    relative_ =
        relative_bias(*weights_[*program_.relative], program_.max_blocks * kernels::kKvBlockTokens);
  }
  size_t floats = 0;
  for (const compile::RopeUse& rope : program_.ropes) {
    rope_offsets_.push_back(floats);
    floats += 2 * static_cast<size_t>(rope.rows) * rope.frequencies.size();
  }
}

int64_t NativeProgram::rows_of(int64_t row_input) const {
  return static_cast<int64_t>(inputs_[static_cast<size_t>(row_input)].size());
}

std::span<float> NativeProgram::run(const StepInputs& inputs) {
  const FlushDenormals flush;
  begin(inputs);
  context_.pool.run([this](int thread) { run_thread(thread); });
  auto* output = reinterpret_cast<float*>(context_.arena.data() + program_.output_offset);
  return {output,
          static_cast<size_t>(rows_of(program_.output_row_input) * program_.output_columns)};
}

std::optional<ProgramReport> NativeProgram::report() const {
  return report_of(*this, origin_, code_);
}

void NativeProgram::begin(const StepInputs& inputs) {
  inputs_ = {inputs.tokens,      inputs.positions,   inputs.sequences, inputs.block_table,
             inputs.output_rows, inputs.token_types, inputs.lengths,   inputs.position_ids};
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (program_.capacity[i] == 0) continue;
    SPYRE_CHECK(!inputs_[i].empty() &&
                static_cast<int64_t>(inputs_[i].size()) <= program_.capacity[i]);
  }
  if (program_.tiles.group != 0) attention_.plan(inputs);
}

void NativeProgram::run_thread(int thread) {
  const auto stride = static_cast<ptrdiff_t>(context_.private_stride());
  Frame frame{.thread = thread,
              .threads = context_.pool.num_threads(),
              .own = context_.private_scratch.data() + thread * stride,
              .prepared = nullptr,
              .at = {}};
  fill_ropes(thread);
  const bool timed = thread == 0 && !phase_seconds_.empty();
  Clock::time_point before = timed ? Clock::now() : Clock::time_point();
  for (size_t i = 0; i < program_.phases.size(); ++i) {
    if (without_attention_ && program_.phases[i].work == Work::kItems) continue;
    run_phase(program_.phases[i], frame);
    // The end of the job is the last barrier.
    if (i + 1 < program_.phases.size()) context_.barrier.wait();
    if (!timed) continue;
    const Clock::time_point now = Clock::now();
    const double seconds = std::chrono::duration<double>(now - before).count();
    phase_seconds_[i] = std::min(phase_seconds_[i], seconds);
    before = now;
  }
}

void NativeProgram::time_phases() {
  phase_seconds_.assign(program_.phases.size(), std::numeric_limits<double>::infinity());
}

void NativeProgram::run_without_attention(const StepInputs& inputs) {
  without_attention_ = true;
  run(inputs);
  without_attention_ = false;
}

// Read after the first barrier, or by the same thread: rows and positions are shared out alike, and
// no program begins with attention.
void NativeProgram::fill_ropes(int thread) {
  auto* tables = reinterpret_cast<float*>(context_.ropes.data());
  for (size_t i = 0; i < program_.ropes.size(); ++i) {
    const compile::RopeUse& rope = program_.ropes[i];
    const auto positions = inputs_[static_cast<size_t>(rope.positions)];
    const auto [begin, end] =
        share(static_cast<int64_t>(positions.size()), thread, context_.pool.num_threads());
    const auto width = static_cast<int64_t>(rope.frequencies.size());
    float* cosines = tables + rope_offsets_[i];
    float* sines = cosines + rope.rows * width;
    fill_rope_table(positions.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)),
                    rope.frequencies, rope.factor, cosines + begin * width, sines + begin * width);
  }
}

void* NativeProgram::address(const Slot& slot, const Frame& frame) const {
  const auto index = static_cast<size_t>(slot.value);
  auto* tables = reinterpret_cast<float*>(context_.ropes.data());
  switch (slot.base) {
    case Base::kArena:
      return context_.arena.data() + slot.value;
    case Base::kPrivate:
      return frame.own + slot.value;
    case Base::kPrepared:
      return frame.prepared;
    case Base::kInput:
      return const_cast<int32_t*>(inputs_[index].data());
    case Base::kMatrix:
      return const_cast<std::byte*>(weights_[index]->matrices[0].panels);
    case Base::kVector:
      return const_cast<float*>(weights_[index]->values.data());
    case Base::kOrder:
      return const_cast<int32_t*>(weights_[index]->input_order.data());
    case Base::kCosines:
      return tables + rope_offsets_[index];
    case Base::kSines: {
      const compile::RopeUse& rope = program_.ropes[index];
      return tables + rope_offsets_[index] +
             rope.rows * static_cast<int64_t>(rope.frequencies.size());
    }
    case Base::kKeys:
      return context_.kv_cache.keys(slot.value, 0);
    case Base::kValues:
      return context_.kv_cache.values(slot.value, 0);
    case Base::kRelative:
      return const_cast<float*>(relative_.data());
    case Base::kItems:
      return const_cast<kernels::AttentionItem*>(attention_.items().data());
  }
  return nullptr;
}

void NativeProgram::call(const Task& task, Frame& frame, int64_t rows, int64_t begin, int64_t end) {
  if (begin >= end) return;
  for (size_t i = 0; i < task.slots.size(); ++i) frame.at[i] = address(task.slots[i], frame);
  const compile::Routine& routine = program_.routines[task.routine];
  const Functions& functions = functions_[task.routine];
  if (functions.code != nullptr) {
    return compile::call_routine(functions.code, frame.at.data(), rows, begin, end);
  }
  const int64_t step = routine.one_by_one ? 1 : end - begin;
  for (; begin < end; begin += step) {
    for (size_t i = 0; i < functions.pieces.size(); ++i) {
      functions.pieces[i](routine.calls[i].piece, frame.at.data(), rows, begin, begin + step);
    }
  }
}

void NativeProgram::run_prologue(const Phase& phase, Frame& frame) {
  const int64_t rows = rows_of(phase.row_input) * phase.rows_factor;
  if (rows <= compile::kRecomputeRows) {
    frame.prepared = frame.own + program_.private_bytes;
    call(*phase.prologue, frame, rows, 0, rows);
    return;
  }
  frame.prepared = context_.prepared.data();
  const auto [begin, end] = share(rows, frame.thread, frame.threads);
  call(*phase.prologue, frame, rows, begin, end);
  context_.barrier.wait();
}

void NativeProgram::run_panels(const Phase& phase, Frame& frame) {
  if (phase.prologue) run_prologue(phase, frame);
  const int64_t rows = rows_of(phase.row_input);
  int64_t all = 0;
  for (const Task& task : phase.tasks) all += task.units;
  const auto [begin, end] = share(all, frame.thread, frame.threads);
  const int64_t panel_bytes = rows * kernels::kPanelRows * static_cast<int64_t>(sizeof(float));
  const int64_t chunk = std::max(compile::kFewestChunkPanels, phase.chunk_bytes / panel_bytes);
  int64_t first = 0;  // of the task's panels, among all
  for (const Task& task : phase.tasks) {
    const int64_t stop = std::min(end, first + task.units) - first;
    for (int64_t at = std::max(begin, first) - first; at < stop; at += chunk) {
      call(task, frame, rows, at, std::min(stop, at + chunk));
    }
    first += task.units;
  }
}

// A row attends to keys of its own sequence only. So when no other row writes those, the thread
// that has an item writes its key and attends at once; else all keys are written first.
void NativeProgram::run_items(const Phase& phase, Frame& frame) {
  const int64_t rows = rows_of(phase.row_input);
  const Task& attend = phase.tasks[0];
  const auto [begin, end] = attention_.share(frame.thread);
  if (!attention_.rows_are_strangers()) {
    const auto [first, last] = share(rows * attend.units, frame.thread, frame.threads);
    call(*phase.prologue, frame, rows, first, last);
    context_.barrier.wait();
    return call(attend, frame, rows, begin, end);
  }
  for (int64_t i = begin; i < end; ++i) {
    const kernels::AttentionItem& item = attention_.items()[static_cast<size_t>(i)];
    const int64_t key = item.row * attend.units + item.head / program_.tiles.group;
    call(*phase.prologue, frame, rows, key, key + 1);
    call(attend, frame, rows, i, i + 1);
  }
}

void NativeProgram::run_phase(const Phase& phase, Frame& frame) {
  switch (phase.work) {
    case Work::kItems:
      return run_items(phase, frame);
    case Work::kPanels:
      return run_panels(phase, frame);
    default: {
      const int64_t rows = rows_of(phase.row_input);
      const auto [begin, end] = share(rows, frame.thread, frame.threads);
      for (const Task& task : phase.tasks) call(task, frame, rows, begin, end);
    }
  }
}

}  // namespace spyre::backend
