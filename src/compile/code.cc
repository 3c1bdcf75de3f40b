#include "compile/code.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "compile/protocol.h"

namespace spyre::compile {

namespace {

constexpr size_t kReadBytes = size_t{64} * 1024;
// A routine takes a fraction of a second; nothing for so long means that the compiler hangs.
constexpr int kPatienceMilliseconds = 60'000;
// So often the caller may stop the work.
constexpr int kTurnMilliseconds = 200;

std::filesystem::path beside_this_program() {
  std::error_code failed;
  return std::filesystem::read_symlink("/proc/self/exe", failed).parent_path() / "spyre-compiler";
}

// The compiler's process with a pipe each way. Ends with its owner.
class Compiler {
 public:
  Compiler() = default;
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;
  ~Compiler() {
    close_input();
    if (output_ >= 0) close(output_);
    if (id_ < 0) return;
    kill(id_, SIGKILL);
    waitpid(id_, nullptr, 0);
  }

  Status start(const std::filesystem::path& program) {
    int to[2];
    int from[2];
    if (pipe2(to, O_CLOEXEC) != 0) return failed("pipe");
    if (pipe2(from, O_CLOEXEC) != 0) {
      close(to[0]);
      close(to[1]);
      return failed("pipe");
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
    // What the dynamic linker says when LLVM is not there is of no use to a user.
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    std::string name = program.string();
    char* arguments[] = {name.data(), nullptr};
    // It needs nothing of this process's environment.
    char* const environment[] = {nullptr};
    // SIGPIPE ends a compiler whose server is gone.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int result =
        posix_spawn(&id_, name.c_str(), &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(to[0]);
    close(from[1]);
    input_ = to[1];
    output_ = from[0];
    if (result == 0) return {};
    id_ = -1;
    return error(Code::kUnavailable, "{}: {}", name, std::strerror(result));
  }

  // Writes the request and reads what comes back, both as the pipes allow. Returns false at the end
  // of the answers.
  Result<bool> turn(std::string_view& request, std::string& answers) {
    std::array<pollfd, 2> files = {pollfd{output_, POLLIN, 0}, pollfd{input_, POLLOUT, 0}};
    const bool writing = input_ >= 0;
    const int ready = poll(files.data(), writing ? 2 : 1, kTurnMilliseconds);
    if (ready < 0 && errno == EINTR) return true;
    if (ready < 0) return failed("poll");
    if (ready == 0) {
      silence_ += kTurnMilliseconds;
      if (silence_ < kPatienceMilliseconds) return true;
      return error(Code::kUnavailable, "the compiler says nothing for {} s",
                   kPatienceMilliseconds / 1000);
    }
    silence_ = 0;
    if (writing && files[1].revents != 0) write_some(request);
    if (files[0].revents == 0) return true;
    const size_t before = answers.size();
    answers.resize(before + kReadBytes);
    const ssize_t count = read(output_, answers.data() + before, kReadBytes);
    answers.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && errno != EINTR) return failed("read");
    return count != 0;
  }

 private:
  static std::unexpected<Error> failed(const char* what) {
    return error(Code::kUnavailable, "the compiler: {}: {}", what, std::strerror(errno));
  }

  // A compiler that has ended reads no more: its answers say so.
  void write_some(std::string_view& request) {
    const size_t most = std::min<size_t>(request.size(), PIPE_BUF);
    const ssize_t count = write(input_, request.data(), most);
    if (count > 0) request.remove_prefix(static_cast<size_t>(count));
    if (count < 0 || request.empty()) close_input();
  }
  void close_input() {
    if (input_ >= 0) close(input_);
    input_ = -1;
  }

  pid_t id_ = -1;
  int input_ = -1;
  int output_ = -1;
  int silence_ = 0;  // milliseconds
};

// A compiler that dies while it is written to must not end this process.
class IgnoreBrokenPipes {
 public:
  IgnoreBrokenPipes() {
    sigset_t pipes;
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipes, &before_);
  }
  ~IgnoreBrokenPipes() {
    sigset_t pipes;
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    const timespec now = {};
    while (sigtimedwait(&pipes, nullptr, &now) > 0) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t before_;
};

}  // namespace

bool is_compilable(const Routine& routine) {
  return std::ranges::none_of(routine.calls, [](const kernels::PieceCall& call) {
    return call.kind == kernels::PieceKind::kEmbed;
  });
}

Result<std::vector<CompiledRoutine>> compile_routines(std::span<const Routine> routines,
                                                      const CodegenOptions& options) {
  std::vector<CompiledRoutine> results(routines.size());
  if (routines.empty()) return results;
  const std::string request =
      to_text(CompileRequest{.isa = options.isa,
                             .threads = options.threads,
                             .keep_text = options.keep_text,
                             .routines = {routines.begin(), routines.end()}});
  const IgnoreBrokenPipes ignore;
  Compiler compiler;
  SPYRE_TRY(compiler.start(options.compiler.empty() ? beside_this_program() : options.compiler));
  std::string_view left = request;
  std::string answers;
  int64_t done = 0;
  const auto total = static_cast<int64_t>(routines.size());
  while (done < total) {
    SPYRE_TRY_ASSIGN(const bool more, compiler.turn(left, answers));
    while (true) {
      SPYRE_TRY_ASSIGN(auto answer, take_answer(answers));
      if (!answer) break;
      if (answer->routine < 0 || answer->routine >= total) {
        return error(Code::kUnavailable, "the compiler answers for a routine that was not asked");
      }
      results[static_cast<size_t>(answer->routine)] = std::move(answer->result);
      ++done;
    }
    if (options.progress && !options.progress(done, total)) {
      return error(Code::kCancelled, "compiling was interrupted");
    }
    if (!more && done < total) {
      return error(Code::kUnavailable,
                   "the compiler ended after {} of {} routines; is LLVM's library there?", done,
                   total);
    }
  }
  return results;
}

Result<LoadedCode> LoadedCode::load(const MachineCode& code) {
  LoadedCode loaded;
  const size_t bytes = code.bytes.size();
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return error(Code::kResourceExhausted, "no memory for {} bytes of code", bytes);
  }
  loaded.memory_ = memory;
  loaded.bytes_ = bytes;
  loaded.entry_ = code.entry;
  std::memcpy(memory, code.bytes.data(), bytes);
  if (mprotect(memory, bytes, PROT_READ | PROT_EXEC) != 0) {
    return error(Code::kResourceExhausted, "executable memory: {}", std::strerror(errno));
  }
  loaded.function_ =
      reinterpret_cast<RoutineFunction>(static_cast<std::byte*>(memory) + code.entry);
  return loaded;
}

LoadedCode::LoadedCode(LoadedCode&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      bytes_(other.bytes_),
      entry_(other.entry_),
      function_(other.function_) {}

MachineCode LoadedCode::copy() const {
  return {.bytes = std::string(static_cast<const char*>(memory_), bytes_), .entry = entry_};
}

LoadedCode::~LoadedCode() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

}  // namespace spyre::compile
