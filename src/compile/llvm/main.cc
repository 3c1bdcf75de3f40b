// spyre-compiler: reads one request from its standard input, writes an answer per routine to its
// standard output (protocol.h). Started by the server and the tools; of no use by hand.
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "compile/llvm/bitcode.h"
#include "compile/llvm/image.h"
#include "compile/llvm/specialise.h"
#include "compile/protocol.h"

namespace spyre::compile {
namespace {

CompiledRoutine compile(const Routine& routine, const SpecialiseOptions& options) {
  const auto began = std::chrono::steady_clock::now();
  CompiledRoutine result;
  auto code = specialise(routine, options);
  if (code) {
    result.llvm = std::move(code->llvm);
    result.assembly = std::move(code->assembly);
    auto image = link_image(code->object, kEntry);
    if (image) {
      result.code = std::move(*image);
    } else {
      result.why = image.error().message;
    }
  } else {
    result.why = code.error().message;
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return result;
}

class Work {
 public:
  explicit Work(const CompileRequest& request)
      : request_(request),
        options_{.bitcode = bitcode(request.isa), .keep_text = request.keep_text} {}

  void run() {
    std::vector<std::jthread> threads;
    for (int i = 1; i < request_.threads; ++i) threads.emplace_back([this] { take_turns(); });
    take_turns();
  }

 private:
  void take_turns() {
    const auto total = static_cast<int64_t>(request_.routines.size());
    for (int64_t i = next_++; i < total; i = next_++) {
      const std::string text = to_text(CompileAnswer{
          .routine = i, .result = compile(request_.routines[static_cast<size_t>(i)], options_)});
      const std::scoped_lock lock(output_);
      std::fwrite(text.data(), 1, text.size(), stdout);
      std::fflush(stdout);
    }
  }

  const CompileRequest& request_;
  const SpecialiseOptions options_;
  std::atomic<int64_t> next_{0};
  std::mutex output_;  // guards stdout
};

std::string standard_input() {
  std::string text;
  char buffer[65536];
  ssize_t count;
  while ((count = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<size_t>(count));
  }
  return text;
}

int run() {
  const auto request = parse_request(standard_input());
  if (!request) {
    std::fprintf(stderr, "spyre-compiler: %s\n", request.error().message.c_str());
    return 2;
  }
  Work(*request).run();
  return 0;
}

}  // namespace
}  // namespace spyre::compile

int main() { return spyre::compile::run(); }
