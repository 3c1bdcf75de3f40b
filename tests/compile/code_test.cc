// The compiler's process and what becomes of its answers, as far as they need no LLVM; with LLVM,
// tests/runner runs every model over machine code.
#include "compile/code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace spyre::compile {
namespace {

using ::testing::HasSubstr;

Routine one_piece() {
  Routine routine;
  routine.calls = {
      {.kind = kernels::PieceKind::kRelu, .format = Format::kF32, .piece = kernels::Piece{}}};
  return routine;
}

TEST(CompileRoutines, NoCompilerIsAnErrorValue) {
  const Routine routine = one_piece();
  const auto results =
      compile_routines(std::span(&routine, 1), {.compiler = "/does/not/exist", .progress = {}});
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().code, Code::kUnavailable);
}

TEST(CompileRoutines, ACompilerThatEndsEarlyIsAnErrorValue) {
  const Routine routine = one_piece();
  const auto results =
      compile_routines(std::span(&routine, 1), {.compiler = "/bin/true", .progress = {}});
  ASSERT_FALSE(results);
  EXPECT_THAT(results.error().message, HasSubstr("0 of 1 routines"));
}

TEST(CompileRoutines, AProgramThatIsNoCompilerIsAnErrorValue) {
  const Routine routine = one_piece();
  const auto results =
      compile_routines(std::span(&routine, 1), {.compiler = "/bin/cat", .progress = {}});
  EXPECT_FALSE(results);
}

TEST(CompileRoutines, NothingToCompileStartsNothing) {
  EXPECT_TRUE(compile_routines({}, {.compiler = "/does/not/exist", .progress = {}}));
}

TEST(LoadedCode, RunsWhereItIsMapped) {
#if defined(__x86_64__)
  // mov qword ptr [rdi], rsi; ret
  const auto loaded =
      LoadedCode::load({.bytes = std::string("\x90\x48\x89\x37\xc3", 5), .entry = 1});
  ASSERT_TRUE(loaded) << loaded.error().message;
  void* slot = nullptr;
  call_routine(loaded->function(), &slot, 42, 0, 0);
  EXPECT_EQ(reinterpret_cast<intptr_t>(slot), 42);
#endif
}

}  // namespace
}  // namespace spyre::compile
