#include "compile/tuning.h"

#include <gtest/gtest.h>

#include "compile/pipeline.h"
#include "compile/program.h"
#include "compile/testing.h"
#include "graph/builder.h"

namespace spyre::compile {
namespace {

// Two layers of one matmul each, of the same shape, and one more of another.
Program three_matmuls() {
  graph::Builder b;
  graph::NodeId x = b.embed(b.weight("table", {8, 64}), b.input("tokens", graph::DType::kI32, {4}));
  x = b.matmul(x, b.weight("w1", {64, 64}));
  x = b.matmul(x, b.weight("w2", {64, 64}));
  x = b.matmul(x, b.weight("w3", {32, 64}));
  const graph::Graph graph = b.finish({x});
  return lower(run_passes(graph, testing::formats_of(graph), {}).value(), {}).value();
}

TEST(Tuning, EqualPhasesAreOfOneKind) {
  EXPECT_EQ(phase_kinds(three_matmuls()), (std::vector<int64_t>{-1, 0, 0, 1}));
}

TEST(Tuning, IsWhatLoweringStartsFrom) {
  EXPECT_EQ(tuning_of(three_matmuls()), (Tuning{PhaseTuning{}, PhaseTuning{}}));
}

TEST(Tuning, IsAppliedToItsPhasesAndReadBack) {
  Program program = three_matmuls();
  const size_t routines = program.routines.size();
  const Tuning wanted = {{.prefetch_bytes = 0, .pass_bytes = 4096, .chunk_bytes = 1024},
                         PhaseTuning{}};
  apply(program, wanted);
  EXPECT_EQ(tuning_of(program), wanted);
  EXPECT_EQ(program.routines.size(), routines);
  EXPECT_EQ(phase_kinds(program), (std::vector<int64_t>{-1, 0, 0, 1}));
  apply(program, {PhaseTuning{}, PhaseTuning{}});
  EXPECT_EQ(program.routines, three_matmuls().routines);
}

TEST(Tuning, TextsReadBack) {
  const Tuning tuning = {{.prefetch_bytes = 0, .pass_bytes = 4096, .chunk_bytes = 1024},
                         PhaseTuning{}};
  EXPECT_EQ(parse_tuning(to_text(tuning)).value(), tuning);
  EXPECT_EQ(parse_tuning(to_text(Tuning{})).value(), Tuning{});
}

TEST(Tuning, TextsThatAreNoneAreErrors) {
  for (const char* bad :
       {"", "{}", "[]", "1", R"({"tuning":3})", R"({"tuning":[[1,2]]})", R"({"tuning":[[1,2,-3]]})",
        R"({"tuning":[[1,2,"3"]]})", R"({"tuning":[[1,2,1e30]]})", R"({"tuning":[[1,2,3.5]]})",
        R"({"tuning":[[1,2,18446744073709551615]]})"}) {
    EXPECT_FALSE(parse_tuning(bad)) << bad;
  }
}

}  // namespace
}  // namespace spyre::compile
