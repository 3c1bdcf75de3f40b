#include "compile/protocol.h"

#include <gtest/gtest.h>

namespace spyre::compile {
namespace {

CompileRequest sample_request() {
  Routine routine;
  routine.rows = 1;
  routine.one_by_one = true;
  kernels::Piece piece;
  piece.columns = 576;
  piece.a = 1e-5f;
  routine.calls = {{.kind = kernels::PieceKind::kRmsNorm, .format = Format::kF32, .piece = piece},
                   {.kind = kernels::PieceKind::kMatmulInt8, .format = Format::kQ4_1, .piece = {}}};
  return {.isa = kernels::Isa::kAvx2, .threads = 3, .keep_text = true, .routines = {routine, {}}};
}

CompileAnswer sample_answer() {
  return {.routine = 7,
          .result = {.code = MachineCode{.bytes = std::string("\x90\n\0\xc3", 4), .entry = 2},
                     .why = "",
                     .seconds = 0.5,
                     .llvm = "define",
                     .assembly = "ret\n"}};
}

TEST(Protocol, RequestsReadBackAsTheyWere) {
  const CompileRequest request = sample_request();
  const auto read = parse_request(to_text(request));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->isa, request.isa);
  EXPECT_EQ(read->threads, 3);
  EXPECT_TRUE(read->keep_text);
  EXPECT_EQ(read->routines, request.routines);
}

TEST(Protocol, RequestsThatAreNoneAreErrors) {
  const std::string text = to_text(sample_request());
  const std::vector<std::string> bad_texts = {
      "",
      "{}",
      "[1]",
      text.substr(0, text.size() / 2),
      R"({"isa":9,"threads":1,"keep_text":false,"routines":[]})",
      R"({"isa":0,"threads":1,"keep_text":false,"routines":[{"calls":[{"kind":999}]}]})",
      R"({"isa":0,"threads":1,"keep_text":false,"routines":[{"calls":[{"kind":1,"format":0}]}]})"};
  for (const std::string& bad : bad_texts) EXPECT_FALSE(parse_request(bad)) << bad;
}

TEST(Protocol, AnswersAreTakenWhenTheyAreComplete) {
  const std::string whole = to_text(sample_answer());
  for (size_t length = 0; length < whole.size(); ++length) {
    std::string part = whole.substr(0, length);
    const auto taken = take_answer(part);
    ASSERT_TRUE(taken) << length;
    EXPECT_FALSE(*taken) << length;
  }
  std::string bytes = whole + whole;
  for (const size_t left : {whole.size(), size_t{0}}) {
    const auto taken = take_answer(bytes);
    ASSERT_TRUE(taken && *taken);
    EXPECT_EQ((*taken)->routine, 7);
    EXPECT_EQ((*taken)->result.code->bytes, sample_answer().result.code->bytes);
    EXPECT_EQ((*taken)->result.code->entry, 2);
    EXPECT_EQ((*taken)->result.llvm, "define");
    EXPECT_EQ((*taken)->result.assembly, "ret\n");
    EXPECT_EQ(bytes.size(), left);
  }
}

TEST(Protocol, AFailureHasNoCode) {
  std::string bytes = to_text(
      CompileAnswer{.routine = 0, .result = {.code = {}, .why = "no", .llvm = {}, .assembly = {}}});
  const auto taken = take_answer(bytes);
  ASSERT_TRUE(taken && *taken);
  EXPECT_FALSE((*taken)->result.code);
  EXPECT_EQ((*taken)->result.why, "no");
}

TEST(Protocol, WhatIsNoAnswerIsAnError) {
  for (
      std::string bad :
      {std::string("error while loading shared libraries\n"), std::string("{}\n"),
       std::string(
           R"({"routine":0,"why":"","seconds":0,"entry":5,"code_bytes":4,"llvm_bytes":0,"assembly_bytes":0})"
           "\n"),
       std::string(
           R"({"routine":0,"why":"","seconds":0,"entry":0,"code_bytes":-4,"llvm_bytes":0,"assembly_bytes":0})"
           "\n"),
       std::string(size_t{2} << 20, 'x')}) {
    EXPECT_FALSE(take_answer(bad));
  }
}

}  // namespace
}  // namespace spyre::compile
