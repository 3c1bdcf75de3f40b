// This program once more, as a child: started with other arguments, watched, ended.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"

namespace spyre::cli {

// Ends with its owner: SIGTERM, then SIGKILL.
class ChildProcess {
 public:
  // arguments: without the program's name. What the child prints is kept for output().
  static Result<ChildProcess> start(const std::vector<std::string>& arguments);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  bool running();
  // Asks it to end, and waits; after `patience` it is killed.
  void end(std::chrono::milliseconds patience);
  // The last lines that it printed.
  std::string output() const;

 private:
  ChildProcess() = default;

  pid_t id_ = -1;  // -1: it has ended
  int output_ = -1;
};

}  // namespace spyre::cli
