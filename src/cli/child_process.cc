#include "cli/child_process.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

namespace spyre::cli {

namespace {

constexpr off_t kShownBytes = 2000;
constexpr std::chrono::milliseconds kCheck{2};
constexpr std::chrono::milliseconds kPatience{5'000};

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {"spyre"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& each : words) argv.push_back(each.data());
  argv.push_back(nullptr);
  ChildProcess child;
  child.output_ = memfd_create("spyre-output", MFD_CLOEXEC);
  if (child.output_ < 0) return error(Code::kIo, "no memory file: {}", std::strerror(errno));
  child.id_ = fork();
  if (child.id_ < 0) return error(Code::kIo, "cannot start a process: {}", std::strerror(errno));
  if (child.id_ == 0) {
    dup2(child.output_, STDOUT_FILENO);
    dup2(child.output_, STDERR_FILENO);
    execv("/proc/self/exe", argv.data());
    _exit(127);
  }
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : id_(std::exchange(other.id_, -1)), output_(std::exchange(other.output_, -1)) {}

ChildProcess::~ChildProcess() {
  end(kPatience);
  if (output_ >= 0) close(output_);
}

bool ChildProcess::running() {
  if (id_ > 0 && waitpid(id_, nullptr, WNOHANG) == id_) id_ = -1;
  return id_ > 0;
}

void ChildProcess::end(std::chrono::milliseconds patience) {
  if (!running()) return;
  kill(id_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (running() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kCheck);
  }
  if (!running()) return;
  kill(id_, SIGKILL);
  waitpid(id_, nullptr, 0);
  id_ = -1;
}

std::string ChildProcess::output() const {
  struct stat file{};
  if (output_ < 0 || fstat(output_, &file) != 0) return {};
  const off_t start = std::max<off_t>(0, file.st_size - kShownBytes);
  std::string text(static_cast<size_t>(file.st_size - start), '\0');
  const ssize_t read = pread(output_, text.data(), text.size(), start);
  text.resize(static_cast<size_t>(std::max<ssize_t>(read, 0)));
  return text;
}

}  // namespace spyre::cli
